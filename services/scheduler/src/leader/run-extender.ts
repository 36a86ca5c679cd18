import { delay, messageOf, runInContext, systemContext, type Logger } from '@cyborgbackup/kernel';
import { extendRun } from '../runs/extend-run.ts';
import type { RequestRunDeps } from '../runs/create-run.ts';
import type { Queue } from '../queue/queue.ts';
import type { QueueEntry } from '../queue/queue-entry.ts';

export interface ExtenderDeps extends RequestRunDeps {
  readonly logger: Logger;
}

export interface RunExtender {
  /** The queue has changed: there may be runs to extend. */
  look(): void;
  /** Works until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const RETRY_MILLIS = 5_000;
const LONG_MILLIS = 60_000;

/**
 * Gives the machines that were found their jobs, one run after the other, beside the leader's own work: a hypervisor may
 * have thousands of machines, and each of their archives needs a name of its own. The event comes back by the log, and
 * takes the job out of `toExtend`. What fails is tried again after five seconds.
 */
export const createRunExtender = (deps: ExtenderDeps, { toExtend }: Pick<Queue, 'toExtend'>): RunExtender => {
  /** Extended, though the log has not told so yet. */
  const done = new WeakSet<QueueEntry>();
  let wake = new AbortController();

  const extend = async (entry: QueueEntry, signal: AbortSignal): Promise<void> => {
    const { uuid, run, correlationId } = entry.job;
    try {
      await runInContext(systemContext('scheduler', { correlationId }), () => extendRun(deps, run, uuid));
      done.add(entry);
    } catch (error) {
      deps.logger.warn({ job: uuid, run, reason: messageOf(error) }, 'machines were found but have no jobs yet');
      await delay(RETRY_MILLIS, signal);
    }
  };

  return {
    look: () => wake.abort(),
    run: async (signal) => {
      while (!signal.aborted) {
        wake = new AbortController();
        const next = [...toExtend].filter((entry) => !done.has(entry));
        for (const entry of next) if (!signal.aborted) await extend(entry, signal);
        if (next.length === 0) await delay(LONG_MILLIS, AbortSignal.any([wake.signal, signal]));
      }
    },
  };
};
