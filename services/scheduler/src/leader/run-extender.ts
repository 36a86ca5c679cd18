import { messageOf, runInContext, systemContext, type Logger } from '@cyborgbackup/kernel';
import type { Queue } from '../queue/queue.ts';
import type { QueueEntry } from '../queue/queue-entry.ts';
import { extendRun } from '../runs/extend-run.ts';
import { createRetryLoop, type RetryLoop } from './retry-loop.ts';
import type { CreateRunDeps } from '../runs/run-deps.ts';

const RETRY_MILLIS = 5_000;

/**
 * Extends runs by the jobs of machines that were found, one run after the other, beside the leader's own work: a hypervisor
 * may have thousands of machines, and each of their archives needs a name of its own. The event that comes back by the log
 * takes the job out of `toExtend`.
 */
export const createRunExtender = (
  deps: CreateRunDeps & { readonly logger: Logger },
  { toExtend }: Pick<Queue, 'toExtend'>,
): RetryLoop => {
  /** Extended, and the event has not come back yet. */
  const extended = new WeakSet<QueueEntry>();
  return createRetryLoop<QueueEntry>({
    pending: () => [...toExtend].filter((entry) => !extended.has(entry)),
    work: async (entry) => {
      const { uuid, run, correlationId } = entry.job;
      await runInContext(systemContext('scheduler', { correlationId }), () => extendRun(deps, run, uuid));
      extended.add(entry);
    },
    retryMillis: RETRY_MILLIS,
    onError: ({ job: { uuid: job, run } }, error) =>
      deps.logger.warn({ job, run, reason: messageOf(error) }, 'machines were found but have no jobs yet'),
  });
};
