import { decideGrants } from '../queue/decide-grants.ts';
import { addRun, evolveQueue } from '../queue/evolve-queue.ts';
import { createQueue, type Queue } from '../queue/queue.ts';
import type { QueuedJob } from '../queue/queue-entry.ts';
import { failed, succeeded } from './job-events.ts';

let lastId = 0;
export const job = (uuid: string, changes: Partial<QueuedJob> = {}): QueuedJob => ({
  uuid,
  id: (lastId += 1),
  run: `run of ${uuid}`,
  name: uuid,
  job_type: 'job',
  task: null,
  activity: null,
  policy: 'p',
  manual: false,
  isForOthers: false,
  repository: null,
  client: null,
  needs: [],
  correlationId: 'c',
  ...changes,
});

export const queueOf = (...jobs: readonly QueuedJob[]): Queue => {
  const queue = createQueue();
  for (const run of Map.groupBy(jobs, ({ run: uuid }) => uuid).values()) addRun(queue, run);
  return queue;
};

export const UNLIMITED = { maxRunning: 0, maxEvents: 500 };

/** `granted x`, `ready x`. */
export const decide = (queue: Queue, limits = UNLIMITED): string[] =>
  decideGrants(queue, limits).map(({ event: { type, data } }) => `${type.replace(/^(job|grant)-/, '')} ${data.job}`);

export const metadata = { correlationId: 'c' };
export const PAUSE = { until: '2026-01-02T03:04:05.000Z', grant: 1 };
export const end = (queue: Queue, uuid: string, end: 'successful' | 'failed' | 'canceled' = 'successful'): void => {
  if (end === 'successful') {
    evolveQueue(queue, { ...succeeded(uuid), version: 1, metadata });
  } else if (end === 'failed') {
    evolveQueue(queue, { ...failed(uuid, 'Broken.'), version: 1, metadata });
  } else
    evolveQueue(queue, { type: 'job-canceled', data: { job: uuid, attempt: 0, reason: '' }, version: 1, metadata });
};

export const start = (queue: Queue, uuid: string): void =>
  evolveQueue(queue, {
    type: 'job-started',
    data: { job: uuid, run: `run of ${uuid}`, attempt: 1, executor: 'e' },
    version: 1,
    metadata,
  });

/** Serves the queue to its end, one job after the other; the order in which jobs were granted. */
export const serve = (queue: Queue, limits = UNLIMITED): string[] => {
  const order: string[] = [];
  for (;;) {
    const granted = decide(queue, limits).filter((line) => line.startsWith('granted'));
    if (granted.length === 0) return order;
    for (const line of granted) {
      const uuid = line.slice('granted '.length);
      order.push(uuid);
      end(queue, uuid);
    }
  }
};
