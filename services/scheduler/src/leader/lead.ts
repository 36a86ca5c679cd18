import { runScheduleLoop } from '../timetable/schedule-loop.ts';
import { createTimetable } from '../timetable/timetable.ts';
import { endPauses } from './end-pauses.ts';
import { followLog } from './follow-log.ts';
import { createJobPublisher } from './job-publisher.ts';
import type { Leader, LeaderDeps } from './leader.ts';
import { republishLost } from './republish-lost.ts';
import { createRunExtender } from './run-extender.ts';
import { loadSnapshot } from './snapshot.ts';
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
 *              such errors: another scheduler leads too. The next leader loads again, so nothing has to be undone.
 *
 * A leader may die between any two steps. What it had appended is in the log, and the next leader derives everything else from
 * that: it releases grants of ended jobs, publishes granted jobs, ends jobs whose dependencies failed, extends runs. Tested by
 * "may die between any two steps" in lead.int.test.ts.
 */
export const lead = async (deps: LeaderDeps, signal: AbortSignal): Promise<void> => {
  const { position, queue, timetable: rows } = await loadSnapshot(deps.pool);
  const stopping = new AbortController();
  const stopped = AbortSignal.any([signal, stopping.signal]);
  const leader: Leader = {
    deps,
    queue,
    timetable: createTimetable(rows),
    publisher: createJobPublisher(deps.jobQueue, deps.logger),
    extender: createRunExtender(deps, queue),
    folded: createWatermark(stopped),
    appending: new Set(),
  };
  deps.logger.info({ position: String(position), jobs: queue.entries.size }, 'leading: granting jobs');

  const firstAct = Promise.withResolvers<void>();
  stopped.addEventListener('abort', () => firstAct.resolve(), { once: true });
  // The signal may have aborted while the snapshot was loaded; then its event does not fire any more.
  if (stopped.aborted) firstAct.resolve();
  const activities = [
    followLog(leader, position, firstAct.resolve, stopped),
    leader.publisher.run(stopped),
    firstAct.promise.then(() =>
      runScheduleLoop({ ...deps, timetable: leader.timetable, active: queue.active }, stopped),
    ),
    firstAct.promise.then(() => leader.extender.run(stopped)),
    firstAct.promise.then(() => republishLost(leader, stopped)),
    firstAct.promise.then(() => endPauses(leader, stopped)),
  ];
  // The first activity that ends stops the others; all are waited for.
  const results = await Promise.allSettled(activities.map((activity) => activity.finally(() => stopping.abort())));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};
