import { HOLDER_SUBJECT } from '@cyborgbackup/contracts';
import type { Connection } from '@cyborgbackup/messaging';
import { TAKEOVER_TIMING } from './timing.ts';

/** Which jobs this process works on, and whether another one works on a job. */
export interface JobHolders {
  /** Answers for the job as long as the work goes on. */
  hold<Result>(job: string, work: () => Promise<Result>): Promise<Result>;
  /** Asks all executors, this one included; false when none answers in time. */
  isHeld(job: string): Promise<boolean>;
  close(): void;
}

/**
 * The work queue delivers a message twice for many reasons, and only one of them is that an executor died. So before a job is
 * taken over, all executors are asked, and the one that works on it answers. An executor that is cut off from NATS cannot
 * answer: it finds its job taken over when it reads the log, and stops by itself when it cannot read it. See timing.ts.
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
        : nats.request(HOLDER_SUBJECT, job, { timeout: TAKEOVER_TIMING.holderAnswerMillis }).then(
            () => true,
            () => false,
          ),
    close: () => subscription.unsubscribe(),
  };
};
