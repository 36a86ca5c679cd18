import { jobStream, GRANT_STREAM } from '@cyborgbackup/contracts';
import { handleCommand, type LogPage } from '@cyborgbackup/event-store';
import {
  AppError,
  runInContext,
  systemContext,
  type Logger,
  type NewEvent,
  type RequestContext,
} from '@cyborgbackup/kernel';
import type { JobQueue } from '@cyborgbackup/messaging';
import { randomUUID } from 'node:crypto';
import { inParallel } from '../in-parallel.ts';
import { jobDecider } from '../job/job-decider.ts';
import { decideSlots, type SlotDecision } from '../queue/decide-slots.ts';
import { fateOf } from '../queue/fate.ts';
import { evolve, type Queue } from '../queue/queue.ts';
import type { QueueEntry } from '../queue/queue-entry.ts';
import { knownEvent } from '../read/known-event.ts';
import type { LaunchDeps } from '../run/launch.ts';
import { runTick } from '../tick/run-tick.ts';
import { createTimetable, type Timetable } from '../tick/timetable.ts';
import { createJobPublisher, type JobPublisher } from './job-publisher.ts';
import { republishLost } from './republish-lost.ts';
import { createRunExtender, type RunExtender } from './run-extender.ts';
import { isForQueue, isForTimetable, isSlotEvent, scheduledTypes } from './scheduled-events.ts';
import { loadSnapshot } from './snapshot.ts';
import { createTide, type Tide } from './tide.ts';

export interface LeaderDeps extends LaunchDeps {
  readonly logger: Logger;
  readonly jobQueue: Pick<JobQueue, 'publish' | 'queued'>;
  /** Jobs that may run at once; 0 = as many as have a repository and a client. */
  readonly maxRunning: number;
  /** How long a job may be gone from the job queue unnoticed; half a minute unless told. */
  readonly republishMillis?: number;
}

interface Leader {
  readonly deps: LeaderDeps;
  readonly queue: Queue;
  readonly timetable: Timetable;
  readonly publisher: JobPublisher;
  readonly extender: RunExtender;
  readonly tide: Tide;
  /** Have a slot in the queue, which is not in the log yet. */
  readonly granting: Set<QueueEntry>;
}

const MAX_EVENTS = 200;
const CONCURRENT_ENDS = 16;

/*
 * The leader:
 *   loading    takes queue and timetable from the scheduler's own tables, as of the position they have reached, and folds
 *              what the log has beyond that;
 *   following  folds each page of the log into both, and then acts:
 *                1. frees, announces and grants slots: one append at exactly the version that was folded;
 *                2. hands what it granted to the executors;
 *                3. ends jobs whose needs did not succeed.
 *              It begins by handing out what is granted, has not started and is not in the job queue: the last leader
 *              may have died before it did. Meanwhile it starts what is due, gives machines that were found their jobs, and
 *              hands out once more what the job queue has lost.
 *   ended      by the signal, or by an error. A slot event that it did not write, and a version that does not match, are
 *              such errors: somebody else leads as well. Whoever leads next loads again, so nothing has to be undone.
 *
 * A leader may die between any two of these steps. What it had appended is in the log, and everything else follows from
 * that: slots of ended jobs are freed, granted jobs are published, the dependents of failed ones ended, machines given their
 * jobs, by the next.
 */
export const lead = async (deps: LeaderDeps, signal: AbortSignal): Promise<void> => {
  const { position, queue, timetable: rows } = await loadSnapshot(deps.pool);
  const publisher = createJobPublisher(deps.jobQueue, deps.logger);
  const extender = createRunExtender(deps, queue);
  const timetable = createTimetable(rows);
  const leader = { deps, queue, timetable, publisher, extender, tide: createTide(), granting: new Set<QueueEntry>() };
  deps.logger.info({ position: String(position), jobs: queue.entries.size }, 'leading: granting slots');

  const ending = new AbortController();
  const ended = AbortSignal.any([signal, ending.signal]);
  const caughtUp = Promise.withResolvers<void>();
  ended.addEventListener('abort', () => caughtUp.resolve(), { once: true });
  // It may have fired while the snapshot was loaded; then nobody would ever hear of it.
  if (ended.aborted) caughtUp.resolve();
  const parts = [
    follow(leader, position, caughtUp.resolve, ended),
    publisher.run(ended),
    caughtUp.promise.then(() => tick(leader, ended)),
    caughtUp.promise.then(() => extender.run(ended)),
    caughtUp.promise.then(() => republish(leader, ended)),
  ];
  // The first part that fails ends the others; all are waited for.
  const results = await Promise.allSettled(parts.map((part) => part.finally(() => ending.abort())));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};

const tick = ({ deps, queue, timetable }: Leader, signal: AbortSignal): Promise<void> =>
  runTick({ ...deps, timetable, active: queue.active }, signal);

const REPUBLISH_MILLIS = 30_000;

const republish = ({ deps, queue, publisher, tide, granting }: Leader, signal: AbortSignal): Promise<void> => {
  const { store, logger, jobQueue, republishMillis: everyMillis = REPUBLISH_MILLIS } = deps;
  const isOnItsWay = (entry: QueueEntry): boolean => granting.has(entry) || publisher.has(entry);
  const deciding = { queue, isOnItsWay, whenFolded: tide.reached, everyMillis };
  return republishLost({ store, logger, jobQueue, publisher, ...deciding }, signal);
};

const follow = async (leader: Leader, after: bigint, caughtUp: () => void, signal: AbortSignal): Promise<void> => {
  const { deps, queue, publisher } = leader;
  const head = await deps.store.head();
  let isLoading = true;
  leader.tide.rise(after);
  const begin = async (): Promise<void> => {
    isLoading = false;
    const queued = await deps.jobQueue.queued();
    for (const entry of queue.entries.values()) {
      if (entry.stage === 'granted' && !queued.has(entry.job.uuid)) publisher.add(entry);
    }
    await act(leader);
    caughtUp();
  };
  if (after >= head) await begin();
  for await (const page of deps.store.subscribe({ after, signal, types: scheduledTypes })) {
    await fold(leader, page, isLoading);
    leader.tide.rise(page.position);
    if (!isLoading) await act(leader);
    else if (page.position >= head) await begin();
  }
};

/** While loading, slot events are those of leaders before this one. */
const fold = async ({ deps, queue, timetable }: Leader, { events }: LogPage, isLoading: boolean): Promise<void> => {
  const relevant = events.filter((event) => isForQueue(event) || isForTimetable(event));
  for (const recorded of await deps.commands.codec.decodePage(relevant)) {
    const event = knownEvent(recorded);
    if (!isLoading && isSlotEvent(event) && event.version > queue.version) {
      throw new AppError('version-conflict', 'Another scheduler grants slots too: starting again.');
    }
    if (isForQueue(event)) evolve(queue, event);
    if (isForTimetable(event)) timetable.evolve(event);
  }
};

const act = async (leader: Leader): Promise<void> => {
  const { deps, queue } = leader;
  for (;;) {
    const version = queue.version;
    const decided = decideSlots(queue, { maxRunning: deps.maxRunning, maxEvents: MAX_EVENTS });
    if (decided.length === 0) break;
    const granted = decided.filter(({ event }) => event.type === 'job-granted').map(({ entry }) => entry);
    for (const entry of granted) leader.granting.add(entry);
    await appendSlots(deps, decided, version); // 1
    for (const entry of granted) leader.publisher.add(entry); // 2
    leader.granting.clear();
  }
  const doomed = [...queue.doomed];
  queue.doomed.clear();
  await inParallel(doomed, CONCURRENT_ENDS, ([entry, need]) => endDoomed(deps, entry, need)); // 3
  if (queue.toExtend.size > 0) leader.extender.look();
};

const contextOf = ({ job: { correlationId } }: QueueEntry): RequestContext =>
  systemContext('scheduler', { correlationId });

const appendSlots = async (
  { commands: { store, codec } }: LeaderDeps,
  decided: readonly SlotDecision[],
  version: number,
): Promise<void> => {
  const encode = ({ event, entry }: SlotDecision): Promise<NewEvent> =>
    codec.encode(event, { id: randomUUID(), context: contextOf(entry) });
  await store.append(GRANT_STREAM, await Promise.all(decided.map(encode)), version);
};

const endDoomed = async ({ commands }: LeaderDeps, entry: QueueEntry, need: QueueEntry): Promise<void> => {
  const { uuid } = entry.job;
  await runInContext(contextOf(entry), () => handleCommand(commands, jobDecider)(jobStream(uuid), fateOf(entry, need)));
};
