import { jobStream } from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { delay, messageOf, runInContext, systemContext } from '@cyborgbackup/kernel';
import { jobDecider } from '../job/job-decider.ts';
import type { QueueEntry } from '../queue/queue-entry.ts';
import type { Leader } from './leader.ts';

/** The shortest pause is five seconds. */
const LOOK_MILLIS = 500;

/**
 * Lets jobs whose pause is over wait for a grant again, until the signal aborts. The event that comes back by the log changes the
 * queue. A job that cannot be reached now is tried again at the next look.
 */
export const endPauses = async ({ deps, queue }: Leader, signal: AbortSignal): Promise<void> => {
  const { clock, commands, logger, pauseMillis = LOOK_MILLIS } = deps;
  const command = handleCommand(commands, jobDecider);
  const isDue = ({ pausedUntil = Infinity }: QueueEntry): boolean => pausedUntil <= clock.now();

  const endPause = async ({ job: { uuid: job, correlationId }, pausedUntil: until }: QueueEntry): Promise<void> => {
    if (until === undefined) return;
    try {
      const context = systemContext('scheduler', { correlationId });
      await runInContext(context, () => command(jobStream(job), { type: 'end-pause', job, until }));
    } catch (error) {
      logger.warn({ job, reason: messageOf(error) }, 'the pause of a job could not be ended; trying again');
    }
  };

  while (!signal.aborted) {
    for (const entry of [...queue.pausing].filter(isDue)) if (!signal.aborted) await endPause(entry);
    await delay(pauseMillis, signal);
  }
};
