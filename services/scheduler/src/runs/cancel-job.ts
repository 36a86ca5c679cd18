import { CANCEL_SIGNAL, jobStream, type RpcOutput, type schedulerCommands } from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import type { Signals } from '@cyborgbackup/messaging';
import { jobDecider } from '../job/job-decider.ts';
import type { RunDeps } from './run-deps.ts';

/**
 * Ends a job that does not run at once; asks the executor of one that does. Asking again only repeats the signal.
 * @throws AppError `not-found`; `conflict` when it has ended already
 */
export const cancelJob = async (
  { pool, commands, signals }: Pick<RunDeps, 'pool' | 'commands'> & { readonly signals: Pick<Signals, 'publish'> },
  job: string,
): Promise<RpcOutput<typeof schedulerCommands.cancel>> => {
  const { rowCount } = await pool.query('select from scheduler.jobs where uuid = $1', [job]);
  if (rowCount !== 1) throw new AppError('not-found', 'There is no such job.');
  const handle = handleCommand(commands, jobDecider);
  const { state, events, position } = await handle(jobStream(job), { type: 'cancel', job });
  // A lost signal is no harm: executors also look at the streams of the jobs they run.
  if (state.cancelRequested) signals.publish(CANCEL_SIGNAL, { job });
  return { position: events.length > 0 && position !== undefined ? String(position) : null };
};
