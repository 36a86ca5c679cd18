import { jobEndOf, type JobEvent, type GrantEvent, type RunEvent } from '@cyborgbackup/contracts';
import { createLanes, type Lanes } from './lanes.ts';
import { createEntry, plannedFacts, queuedJobs, type QueuedJob, type QueueEntry } from './queue-entry.ts';

/** An event as the queue takes it. */
export type QueueInput = (RunEvent | GrantEvent | JobEvent) & {
  /** Version in its stream; it matters for the queue's own. */
  readonly version: number;
  readonly metadata: { readonly correlationId: string };
};

/** All jobs of all runs that have not ended, folded from the log; no I/O. One scheduler at a time acts on it: the leader. */
export interface Queue {
  readonly entries: Map<string, QueueEntry>;
  readonly lanes: Lanes;
  /** Jobs whose slot is to be freed, whose readiness is to be announced, and whose needs cannot succeed any more. */
  readonly toFree: Set<QueueEntry>;
  readonly toAnnounce: Set<QueueEntry>;
  readonly doomed: Map<QueueEntry, QueueEntry>;
  /** Jobs that found machines, for which the run is to be extended. */
  readonly toExtend: Set<QueueEntry>;
  /** Jobs that hold a slot and were never started. */
  readonly handedOut: Set<QueueEntry>;
  /** Jobs that hold a slot and whose attempt was lost: they pause until the next one. */
  readonly pausing: Set<QueueEntry>;
  /** Runs that have not ended, by what they are in the way of. */
  readonly active: Map<string, Set<string>>;
  readonly runs: Map<string, QueuedRun>;
  /** Of the queue's stream, the last event in here included. */
  version: number;
  /** Slots granted and not freed. */
  granted: number;
}

/** Its entries are kept until all of them have ended, hold nothing any more, and have brought all jobs they will. */
interface QueuedRun {
  readonly activity: string | null;
  readonly entries: QueueEntry[];
  /** Entries that are to be kept, or whose machines have no jobs yet. */
  open: number;
  /** Entries that have not ended, or whose machines have no jobs yet. */
  unended: number;
}

export const createQueue = (version = 0): Queue => ({
  entries: new Map(),
  lanes: createLanes(),
  toFree: new Set(),
  toAnnounce: new Set(),
  doomed: new Map(),
  toExtend: new Set(),
  handedOut: new Set(),
  pausing: new Set(),
  active: new Map(),
  runs: new Map(),
  version,
  granted: 0,
});

/** Adds the jobs of a run. `restore` sets what is known of one beyond the plan before anything follows from it. */
export const addRun = (
  queue: Queue,
  jobs: readonly QueuedJob[],
  restore: (entry: QueueEntry) => void = () => undefined,
): void => {
  const [first] = jobs;
  if (!first || queue.runs.has(first.run)) return;
  const { activity } = first;
  queue.runs.set(first.run, { activity, entries: [], open: 0, unended: 0 });
  if (activity !== null) queue.active.set(activity, (queue.active.get(activity) ?? new Set()).add(first.run));
  addJobs(queue, jobs, restore);
};

const addJobs = (queue: Queue, jobs: readonly QueuedJob[], restore: (entry: QueueEntry) => void): void => {
  const entries = jobs.map(createEntry);
  for (const entry of entries) {
    const run = queue.runs.get(entry.job.run);
    if (!run) continue;
    queue.entries.set(entry.job.uuid, entry);
    run.entries.push(entry);
    run.open += 1;
    run.unended += 1;
  }
  for (const entry of entries) {
    for (const need of entry.job.needs) queue.entries.get(need)?.dependents.push(entry);
  }
  entries.forEach(restore);
  for (const entry of entries) settle(queue, entry);
};

/** Takes a restored or new entry to where it belongs. */
const settle = (queue: Queue, entry: QueueEntry): void => {
  const { grantedAt, end } = entry;
  if (grantedAt !== undefined) takeSlot(queue, entry, grantedAt);
  if (entry.awaitsExtension) awaitExtension(queue, entry);
  if (end !== undefined) return endJob(queue, entry, end);
  if (grantedAt === undefined) becomeReady(queue, entry);
};

/** The jobs of machines that one of the run's jobs found. Knowing them already changes nothing. */
export const extendRun = (queue: Queue, foundBy: string, jobs: readonly QueuedJob[]): void => {
  const finder = queue.entries.get(foundBy);
  if (!finder?.awaitsExtension) return;
  const run = queue.runs.get(finder.job.run);
  addJobs(
    queue,
    jobs.map((job) => ({ ...job, activity: run?.activity ?? null })),
    (entry) => {
      entry.unmet.delete(foundBy);
      entry.announced = entry.unmet.size === 0;
    },
  );
  finder.awaitsExtension = false;
  queue.toExtend.delete(finder);
  leaveRun(queue, finder);
  close(queue, finder);
};

const awaitExtension = (queue: Queue, entry: QueueEntry): void => {
  const run = queue.runs.get(entry.job.run);
  if (!run) return;
  run.open += 1;
  run.unended += 1;
  entry.awaitsExtension = true;
  queue.toExtend.add(entry);
};

const becomeReady = (queue: Queue, entry: QueueEntry): void => {
  if (entry.stage !== 'waiting' || entry.unmet.size > 0) return;
  entry.stage = 'ready';
  queue.lanes.add(entry.job);
  if (!entry.announced) queue.toAnnounce.add(entry);
};

const takeSlot = (queue: Queue, entry: QueueEntry, version: number): void => {
  if (entry.stage !== 'running') entry.stage = 'granted';
  entry.grantedAt = version;
  queue.lanes.occupy(entry.job, version);
  queue.granted += 1;
  if (entry.stage === 'granted') (entry.lost === undefined ? queue.handedOut : queue.pausing).add(entry);
};

const endJob = (queue: Queue, entry: QueueEntry, end: NonNullable<QueueEntry['end']>): void => {
  if (entry.stage === 'ended') return;
  queue.lanes.remove(entry.job);
  queue.toAnnounce.delete(entry);
  queue.handedOut.delete(entry);
  queue.pausing.delete(entry);
  queue.doomed.delete(entry);
  entry.stage = 'ended';
  entry.end = end;
  for (const dependent of entry.dependents) tell(queue, dependent, entry);
  leaveRun(queue, entry);
  if (entry.grantedAt !== undefined) queue.toFree.add(entry);
  else close(queue, entry);
};

/** A job hears how one that it needs has ended. */
const tell = (queue: Queue, dependent: QueueEntry, need: QueueEntry): void => {
  if (dependent.stage !== 'waiting') return;
  if (need.end !== 'successful') {
    if (!queue.doomed.has(dependent)) queue.doomed.set(dependent, need);
    return;
  }
  dependent.unmet.delete(need.job.uuid);
  becomeReady(queue, dependent);
};

const freeSlot = (queue: Queue, entry: QueueEntry): void => {
  if (entry.grantedAt === undefined) return;
  entry.grantedAt = undefined;
  queue.toFree.delete(entry);
  queue.lanes.vacate(entry.job);
  queue.granted -= 1;
  if (entry.stage === 'ended') close(queue, entry);
};

/** One thing less that keeps the run from having ended. */
const leaveRun = (queue: Queue, { job }: QueueEntry): void => {
  const run = queue.runs.get(job.run);
  if (!run) return;
  run.unended -= 1;
  if (run.unended > 0 || run.activity === null) return;
  const others = queue.active.get(run.activity);
  others?.delete(job.run);
  if (others?.size === 0) queue.active.delete(run.activity);
};

const close = (queue: Queue, { job }: QueueEntry): void => {
  const run = queue.runs.get(job.run);
  if (!run) return;
  run.open -= 1;
  if (run.open > 0) return;
  for (const entry of run.entries) queue.entries.delete(entry.job.uuid);
  queue.runs.delete(job.run);
};

/** An event of the queue's own stream. */
export const evolveSlot = (queue: Queue, { type, data }: GrantEvent, version: number): void => {
  queue.version = version;
  const entry = queue.entries.get(data.job);
  if (!entry) return;
  if (type === 'job-ready') {
    entry.announced = true;
    queue.toAnnounce.delete(entry);
  } else if (type === 'job-granted') takeSlot(queue, entry, version);
  else freeSlot(queue, entry);
};

const evolveJob = (queue: Queue, event: JobEvent): void => {
  const entry = queue.entries.get(event.data.job);
  if (!entry || entry.stage === 'ended') return;
  const end = jobEndOf(event);
  if (end === undefined) return moveJob(queue, entry, event);
  if (event.type === 'job-failed' || event.type === 'job-canceled') entry.reason = event.data.reason;
  if (findsMachines(entry, event)) awaitExtension(queue, entry);
  endJob(queue, entry, end);
};

const moveJob = (queue: Queue, entry: QueueEntry, event: JobEvent): void => {
  if (event.type === 'job-started' && entry.stage === 'granted') {
    entry.stage = 'running';
    queue.handedOut.delete(entry);
    queue.pausing.delete(entry);
  } else if (event.type === 'job-attempt-lost' && entry.stage === 'running') {
    entry.stage = 'granted';
    entry.lost = event.data.reason;
    queue.pausing.add(entry);
  }
};

const findsMachines = ({ job }: QueueEntry, event: JobEvent): boolean =>
  job.task === 'machines' && event.type === 'job-succeeded' && event.data.machines.length > 0;

/** The queue after one more event; the queue given is changed. Events it has seen already (own ones) change nothing. */
export const evolve = (queue: Queue, event: QueueInput): void => {
  switch (event.type) {
    case 'run-requested':
      return addRun(queue, queuedJobs(plannedFacts(event.data, event.metadata.correlationId)));
    case 'run-extended':
      return extendRun(queue, event.data.found_by, queuedJobs(plannedFacts(event.data, event.metadata.correlationId)));
    case 'job-ready':
    case 'job-granted':
    case 'grant-released':
      return event.version > queue.version ? evolveSlot(queue, event, event.version) : undefined;
    default:
      return evolveJob(queue, event);
  }
};
