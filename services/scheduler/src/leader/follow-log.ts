import {
  GRANT_STREAM,
  grantEvents,
  jobEvents,
  jobStream,
  occurrenceEvents,
  policyEvents,
  repositoryEvents,
  runEvents,
  scheduleEvents,
  settingsEvents,
} from '@cyborgbackup/contracts';
import { handleCommand, type LogPage } from '@cyborgbackup/event-store';
import { AppError, runInContext, systemContext, type NewEvent, type RequestContext } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { inParallel } from '../collections/in-parallel.ts';
import { jobDecider } from '../job/job-decider.ts';
import { decideGrants, type GrantDecision } from '../queue/decide-grants.ts';
import { evolveQueue, type QueueInput } from '../queue/evolve-queue.ts';
import { outcomeOfFailedDependency } from '../queue/failed-dependency.ts';
import { endForgotten } from '../queue/job-lifecycle.ts';
import type { EndedDependency, QueueEntry } from '../queue/queue-entry.ts';
import { knownEvent, type KnownEvent } from '../tables/known-event.ts';
import type { TimetableEvent } from '../timetable/timetable.ts';
import type { Leader, LeaderDeps } from './leader.ts';
import { readEndedJobs } from './read-ended-jobs.ts';

interface Typed {
  readonly type: string;
}

const typesOf = (...definitions: readonly Typed[]): ReadonlySet<string> => new Set(definitions.map(({ type }) => type));

const queueTypes = typesOf(...runEvents, ...grantEvents, ...jobEvents);
const grantTypes = typesOf(...grantEvents);
const timetableTypes = typesOf(
  ...policyEvents,
  ...scheduleEvents,
  ...repositoryEvents,
  ...occurrenceEvents,
  ...settingsEvents,
  ...runEvents,
);

/** The leader subscribes to these alone: listings of archives, for example, are large. */
const followedTypes: readonly string[] = [...queueTypes.union(timetableTypes)];

/** A run is for both: it brings jobs, and it accounts for an occurrence. */
const isForQueue = (event: Typed): event is KnownEvent<QueueInput> => queueTypes.has(event.type);
const isForTimetable = (event: Typed): event is KnownEvent<TimetableEvent> => timetableTypes.has(event.type);
/** Leaders alone append these. */
const isGrantEvent = ({ type }: Typed): boolean => grantTypes.has(type);

const MAX_EVENTS = 200;
const CONCURRENT_ENDS = 16;

/**
 * Folds the log from a position on, and acts once that has come as far as the log was when it began. It begins with handing
 * out what is granted, has not started and is not in the job queue: the last leader may have died before it did.
 * @param onFirstAct called once, after the first time it has acted
 */
export const followLog = async (
  leader: Leader,
  after: bigint,
  onFirstAct: () => void,
  signal: AbortSignal,
): Promise<void> => {
  const { deps, queue, publisher, folded } = leader;
  const head = await deps.store.head();
  let isLoading = true;
  const begin = async (): Promise<void> => {
    isLoading = false;
    const queued = await deps.jobQueue.listQueued();
    for (const entry of queue.entries.values()) {
      if (entry.stage === 'granted' && queued.get(entry.job.uuid) !== entry.grantedAt) publisher.add(entry);
    }
    await act(leader);
    onFirstAct();
  };
  folded.advance(after);
  if (after >= head) await begin();
  for await (const page of deps.store.subscribe({ after, signal, types: followedTypes })) {
    await fold(leader, page, isLoading);
    folded.advance(page.position);
    if (!isLoading) await act(leader);
    else if (page.position >= head) await begin();
  }
};

/** Only while loading are there grants that this leader did not append. */
const fold = async ({ deps, queue, timetable }: Leader, { events }: LogPage, isLoading: boolean): Promise<void> => {
  const relevant = events.filter((event) => isForQueue(event) || isForTimetable(event));
  for (const recorded of await deps.commands.codec.decodePage(relevant)) {
    const event = knownEvent(recorded);
    if (!isLoading && isGrantEvent(event) && event.version > queue.version) {
      throw new AppError('version-conflict', 'Another scheduler grants jobs too: starting again.');
    }
    if (isForQueue(event)) evolveQueue(queue, event);
    if (isForTimetable(event)) timetable.evolve(event);
  }
};

/**
 * 1. Looks up how preparations ended that the queue has forgotten.
 * 2. Grants jobs, and records others as ready: one append at exactly the version that was folded.
 * 3. Hands the granted jobs to the executors.
 * 4. Ends jobs whose dependencies did not succeed.
 */
const act = async (leader: Leader): Promise<void> => {
  const { deps, queue, appending, publisher, extender } = leader;
  if (queue.needForgotten.size > 0) {
    endForgotten(queue, await readEndedJobs(deps, [...queue.needForgotten.keys()])); // 1
  }
  for (;;) {
    const version = queue.version;
    const decisions = decideGrants(queue, { maxRunning: deps.maxRunning, maxEvents: MAX_EVENTS });
    if (decisions.length === 0) break;
    for (const { entry } of decisions) appending.add(entry);
    await appendGrants(deps, decisions, version); // 2
    for (const { event, entry } of decisions) if (event.type === 'job-granted') publisher.add(entry); // 3
    appending.clear();
  }
  const blocked = [...queue.blockedByFailure];
  queue.blockedByFailure.clear();
  await inParallel(blocked, CONCURRENT_ENDS, ([entry, failed]) => endBlockedJob(deps, entry, failed)); // 4
  if (queue.toExtend.size > 0) extender.wake();
};

const contextOf = ({ job: { correlationId } }: QueueEntry): RequestContext =>
  systemContext('scheduler', { correlationId });

const appendGrants = async (
  { commands: { store, codec } }: LeaderDeps,
  decisions: readonly GrantDecision[],
  version: number,
): Promise<void> => {
  const encode = ({ event, entry }: GrantDecision): Promise<NewEvent> =>
    codec.encode(event, { id: randomUUID(), context: contextOf(entry) });
  await store.append(GRANT_STREAM, await Promise.all(decisions.map(encode)), version);
};

const endBlockedJob = async ({ commands }: LeaderDeps, entry: QueueEntry, failed: EndedDependency): Promise<void> => {
  const end = outcomeOfFailedDependency(entry, failed);
  await runInContext(contextOf(entry), () => handleCommand(commands, jobDecider)(jobStream(entry.job.uuid), end));
};
