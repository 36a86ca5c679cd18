import type { EventStore } from '@cyborgbackup/event-store';
import type { Pool } from 'pg';
import { fitsLog, readCheckpoint } from '../lease/checkpoint.ts';
import { LEASE_MILLIS } from '../lease/lease.ts';
import type { Projection } from '../define/projection.ts';
import type { Table } from '../define/table.ts';
import { lacksColumns, missingColumns } from './missing-columns.ts';
import { LOST_EVENTS, shadowName } from './projection-schema.ts';

/** What is known of a projection by those who only read it. */
export interface KnownProjection extends Pick<Projection, 'name'> {
  readonly models: readonly Table[];
}

/** Of these leases, those that somebody has now. */
const heldAmong = async (pool: Pool, names: readonly string[]): Promise<ReadonlySet<string>> => {
  const { rows } = await pool.query<{ readonly name: string }>(
    `SELECT name FROM projections.checkpoints
      WHERE name = ANY ($1) AND owner IS NOT NULL
        AND expires_at BETWEEN clock_timestamp() AND clock_timestamp() + $2 * interval '1 millisecond'`,
    [names, LEASE_MILLIS],
  );
  return new Set(rows.map(({ name }) => name));
};

/** Why what is done under a lease is not done now, in one sentence; undefined when it is. */
export const leaseTrouble = async (pool: Pool, name: string): Promise<string | undefined> =>
  (await heldAmong(pool, [name])).has(name) ? undefined : 'No process does this now: the log of its service says why.';

/** Why a projection's tables cannot be trusted, or do not follow the log now, in one sentence; undefined when they do. */
export const projectionTrouble = async (
  { pool, store }: { readonly pool: Pool; readonly store: Pick<EventStore, 'hashAt'> },
  projection: KnownProjection,
): Promise<string | undefined> => {
  const { name, models } = projection;
  const checkpoint = await readCheckpoint(pool, name);
  if (!checkpoint) return 'It has no tables yet: start its service.';
  const missing = await missingColumns(pool, name, models);
  const held = await heldAmong(pool, [name, shadowName(projection)]);
  const isBuilt = held.has(shadowName(projection));
  const trouble = [
    missing.length > 0 ? lacksColumns(missing) : '',
    (await fitsLog(store, checkpoint)) ? '' : LOST_EVENTS,
    isBuilt ? 'The tables are being built anew.' : '',
    isBuilt || held.has(name) ? '' : 'No process keeps the tables up to date: the log of its service says why.',
  ];
  return trouble.filter(Boolean).join(' ') || undefined;
};
