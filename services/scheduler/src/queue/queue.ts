import { jobEndOf, type JobEvent, type QueueEvent, type RunEvent } from '@cyborgbackup/contracts';
import { createLanes, type Lanes } from './lanes.ts';
import { createEntry, queuedJobs, type QueuedJob, type QueueEntry } from './queue-entry.ts';

/** An event as the queue takes it. */
export type QueueInput = (RunEvent | QueueEvent | JobEvent) & {
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
  /** By policy. */
  readonly slotsHeld: Map<string, number>;
  readonly lastGrant: Map<string, number>;
  readonly unended: Map<string, number>;
  readonly runs: Map<string, QueuedRun>;
  /** Of the queue's stream, the last event in here included. */
  version: number;
  /** Slots granted and not freed. */
  granted: number;
}

/** Its entries are kept until all of them have ended and hold nothing any more. */
interface QueuedRun {
  readonly entries: readonly QueueEntry[];
  open: number;
}

export const createQueue = (version = 0): Queue => ({
  entries: new Map(),
  lanes: createLanes(),
  toFree: new Set(),
  toAnnounce: new Set(),
  doomed: new Map(),
  slotsHeld: new Map(),
  lastGrant: new Map(),
  unended: new Map(),
  runs: new Map(),
  version,
  granted: 0,
});

const count = (counts: Map<string, number>, key: string, by: 1 | -1): void => {
  const next = (counts.get(key) ?? 0) + by;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
};

/** Adds the jobs of a run. `restore` sets what is known of one beyond the plan before anything follows from it. */
export const addRun = (
  queue: Queue,
  jobs: readonly QueuedJob[],
  restore: (entry: QueueEntry) => void = () => undefined,
): void => {
  const [first] = jobs;
  if (!first || queue.runs.has(first.run)) return;
  const entries = jobs.map(createEntry);
  queue.runs.set(first.run, { entries, open: entries.length });
  for (const entry of entries) {
    queue.entries.set(entry.job.uuid, entry);
    count(queue.unended, entry.job.policy, 1);
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
  if (end !== undefined) return endJob(queue, entry, end);
  if (grantedAt === undefined) becomeReady(queue, entry);
};

const becomeReady = (queue: Queue, entry: QueueEntry): void => {
  if (entry.stage !== 'waiting' || entry.unmet.size > 0) return;
  entry.stage = 'ready';
  queue.lanes.add(entry.job);
  if (!entry.announced) queue.toAnnounce.add(entry);
};

const takeSlot = (queue: Queue, entry: QueueEntry, version: number): void => {
  const { job } = entry;
  if (entry.stage !== 'running') entry.stage = 'granted';
  entry.grantedAt = version;
  queue.lanes.occupy(job);
  queue.granted += 1;
  count(queue.slotsHeld, job.policy, 1);
  queue.lastGrant.set(job.policy, version);
};

const endJob = (queue: Queue, entry: QueueEntry, end: NonNullable<QueueEntry['end']>): void => {
  if (entry.stage === 'ended') return;
  queue.lanes.remove(entry.job);
  queue.toAnnounce.delete(entry);
  queue.doomed.delete(entry);
  entry.stage = 'ended';
  entry.end = end;
  count(queue.unended, entry.job.policy, -1);
  if (!queue.unended.has(entry.job.policy)) queue.lastGrant.delete(entry.job.policy);
  for (const dependent of entry.dependents) tell(queue, dependent, entry);
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
  count(queue.slotsHeld, entry.job.policy, -1);
  if (entry.stage === 'ended') close(queue, entry);
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
export const evolveSlot = (queue: Queue, { type, data }: QueueEvent, version: number): void => {
  queue.version = version;
  const entry = queue.entries.get(data.job);
  if (!entry) return;
  if (type === 'slot-awaited') {
    entry.announced = true;
    queue.toAnnounce.delete(entry);
  } else if (type === 'slot-granted') takeSlot(queue, entry, version);
  else freeSlot(queue, entry);
};

const evolveJob = (queue: Queue, event: JobEvent): void => {
  const entry = queue.entries.get(event.data.job);
  if (!entry || entry.stage === 'ended') return;
  const end = jobEndOf(event);
  if (end !== undefined) {
    if (event.type === 'job-failed' || event.type === 'job-canceled') entry.reason = event.data.reason;
    endJob(queue, entry, end);
  } else if (event.type === 'job-started' && entry.stage === 'granted') entry.stage = 'running';
  else if (event.type === 'job-attempt-lost' && entry.stage === 'running') entry.stage = 'granted';
};

/** The queue after one more event; the queue given is changed. Events it has seen already (own ones) change nothing. */
export const evolve = (queue: Queue, event: QueueInput): void => {
  switch (event.type) {
    case 'run-requested':
      return addRun(queue, queuedJobs(event.data, event.metadata.correlationId));
    case 'run-extended':
      return;
    case 'slot-awaited':
    case 'slot-granted':
    case 'slot-freed':
      return event.version > queue.version ? evolveSlot(queue, event, event.version) : undefined;
    default:
      return evolveJob(queue, event);
  }
};
