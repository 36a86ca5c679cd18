import { untilOneEnds } from '@cyborgbackup/kernel';
import { runScheduleLoop } from '../timetable/schedule-loop.ts';
import { createTimetable } from '../timetable/timetable.ts';
import { endPauses } from './end-pauses.ts';
import { followLog } from './follow-log.ts';
import { createJobPublisher } from './job-publisher.ts';
import type { Leader, LeaderDeps } from './leader.ts';
import { republishLost } from './republish-lost.ts';
import { createRunExtender } from './run-extender.ts';
import { loadSnapshot } from './snapshot.ts';
import { assertClock, watchClock } from './watch-clock.ts';
import { createWatermark } from './watermark.ts';

/**
 * The leader:
 *
 *   loading    takes queue and timetable from the scheduler's own tables, as of the position they have reached, and folds
 *              what the log has beyond that;
 *   following  folds each page of the log into both, and acts on the queue after each, see follow-log.ts. Meanwhile it starts
 *              what is due, extends runs by the jobs of machines that were found, ends the pauses of jobs, and hands out
 *              once more what the job queue has lost;
 *   ended      by the signal, or by an error. A grant that it did not append itself, and a version that does not match, are
 *              such errors: another scheduler leads too. So is a clock that differs from PostgreSQL's, or was set back. The
 *              next leader loads again, so nothing has to be undone.
 *
 * A leader may die between any two steps. What it had appended is in the log, and the next leader derives everything else from
 * that: it releases grants of ended jobs, publishes granted jobs, ends jobs whose dependencies failed, extends runs. Tested by
 * "may die between any two steps" in lead.int.test.ts.
 */
export const lead = async (deps: LeaderDeps, signal: AbortSignal): Promise<void> => {
  await assertClock(deps.clocks);
  const { position, queue, timetable: rows } = await loadSnapshot(deps.pool);
  deps.logger.info({ position: String(position), jobs: queue.entries.size }, 'leading: granting jobs');
  await untilOneEnds(signal, (stopped) => {
    const leader: Leader = {
      deps,
      queue,
      timetable: createTimetable(rows, deps.clock),
      publisher: createJobPublisher(deps.jobQueue, deps.logger),
      extender: createRunExtender(deps, queue),
      folded: createWatermark(stopped),
      appending: new Set(),
    };
    const { timetable, folded } = leader;
    const firstAct = Promise.withResolvers<void>();
    stopped.addEventListener('abort', () => firstAct.resolve(), { once: true });
    // The signal may have aborted while the snapshot was loaded; then its event does not fire any more.
    if (stopped.aborted) firstAct.resolve();
    return [
      followLog(leader, position, firstAct.resolve, stopped),
      leader.publisher.run(stopped),
      firstAct.promise.then(() => runScheduleLoop({ ...deps, timetable, folded, active: queue.active }, stopped)),
      firstAct.promise.then(() => leader.extender.run(stopped)),
      firstAct.promise.then(() => republishLost(leader, stopped)),
      firstAct.promise.then(() => endPauses(leader, stopped)),
      watchClock(deps.clocks, stopped),
    ];
  });
};
