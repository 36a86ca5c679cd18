import { CANCEL_SIGNAL, jobStream, schedulerCommands } from '@cyborgbackup/contracts';
import { handleCommand, type CommandDeps } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import type { Signals } from '@cyborgbackup/messaging';
import type { Pool } from 'pg';
import type { z } from 'zod';
import { jobDecider } from '../job/job-decider.ts';

export interface CancelDeps {
  readonly pool: Pool;
  readonly commands: CommandDeps;
  readonly signals: Pick<Signals, 'publish'>;
}

type CancelAnswer = z.output<typeof schedulerCommands.cancel.output>;

/**
 * Ends a job that does not run at once; asks the executor of one that does. Asking again only repeats the signal.
 * @throws AppError `not-found`; `conflict` when it has ended already
 */
export const cancelJob = async (deps: CancelDeps, job: string): Promise<CancelAnswer> => {
  const { rowCount } = await deps.pool.query('select from scheduler.jobs where uuid = $1', [job]);
  if (rowCount !== 1) throw new AppError('not-found', 'There is no such job.');
  const handle = handleCommand(deps.commands, jobDecider);
  const { state, events, position } = await handle(jobStream(job), { do: 'cancel', job });
  // A hint only, and a lost one is no harm: executors also look at the streams of the jobs they run.
  if (state.cancelRequested) deps.signals.publish(CANCEL_SIGNAL, { job });
  return { position: events.length > 0 && position !== undefined ? String(position) : null };
};
