import { HOLDER_SUBJECT } from '@cyborgbackup/contracts';
import type { Connection } from '@cyborgbackup/messaging';

/** Which jobs this process works on, and whether another one works on a job. */
export interface JobHolders {
  /** Says so for as long as the work goes on. */
  hold<Result>(job: string, work: () => Promise<Result>): Promise<Result>;
  /** Asks all executors, this one included; false when none answers within two seconds. */
  isHeld(job: string): Promise<boolean>;
  close(): void;
}

const ANSWER_MILLIS = 2_000;

/**
 * A message of the work queue comes twice for many reasons, and only one of them is that an executor died. Before a job is
 * taken over, everybody is asked; whoever works on it answers. Silence of an executor that lives but is cut off from NATS
 * is possible: it finds its job taken over when it looks, and stops by itself when it cannot look, see watch-job.ts.
 */
export const createJobHolders = ({ nats }: Connection): JobHolders => {
  const held = new Set<string>();
  const subscription = nats.subscribe(HOLDER_SUBJECT, {
    callback: (error, message) => {
      if (!error && held.has(message.string())) message.respond();
    },
  });
  return {
    hold: async (job, work) => {
      held.add(job);
      try {
        return await work();
      } finally {
        held.delete(job);
      }
    },
    isHeld: (job) =>
      held.has(job)
        ? Promise.resolve(true)
        : nats.request(HOLDER_SUBJECT, job, { timeout: ANSWER_MILLIS }).then(
            () => true,
            () => false,
          ),
    close: () => subscription.unsubscribe(),
  };
};
