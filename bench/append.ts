/**
 * Appends of one event of about 400 bytes, each to a stream of its own, by so many callers at once, each of whom waits for
 * the answer before the next. Through the whole adapter: hashing, group commit, the application role; with fsync.
 */
import { asService } from '@cyborgbackup/database';
import { createPostgresEventStore, type EventStore } from '@cyborgbackup/event-store';
import { isoMicros, type NewEvent } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { withBenchDatabase } from './bench-database.ts';
import type { Figures } from './budget.ts';
import { measureLoad } from './load.ts';

const CALLERS = [1, 64, 256];
const MEASURE_MILLIS = 4_000;

/** A job's progress, as the executor writes it most of the time. */
export const sampleEvent = (): NewEvent => ({
  id: randomUUID(),
  type: 'bench-progressed',
  schemaVersion: 1,
  data: { job: randomUUID(), files: 12_345, bytes: 987_654_321, path: '/srv/www/htdocs/example.org/images/logo.png' },
  metadata: {
    actor: { kind: 'system', id: 'executor' },
    correlationId: randomUUID(),
    causationId: randomUUID(),
    occurredAt: isoMicros(),
  },
});

/** Runs a bench on an event store in a PostgreSQL of its own, connected as the services are. */
export const withBenchStore = <T>(work: (store: EventStore) => Promise<T>): Promise<T> =>
  withBenchDatabase(async ({ logger, open }) => {
    const store = createPostgresEventStore({ pool: open(asService('executor')), logger });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  });

export const run = (): Promise<Figures> =>
  withBenchStore((store) =>
    measureLoad(() => store.append(`bench-${randomUUID()}`, [sampleEvent()], 'none'), {
      callers: CALLERS,
      millis: MEASURE_MILLIS,
      prefix: 'callers',
      unit: 'Appends',
    }),
  );
