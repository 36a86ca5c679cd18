import { jobEndOf, type JobEvent, type GrantEvent, type RunEvent } from '@cyborgbackup/contracts';
import {
  addJobs,
  awaitExtension,
  endExtension,
  endJob,
  endPause,
  handOver,
  pauseJob,
  startJob,
  takeGrant,
} from './job-lifecycle.ts';
import type { Queue } from './queue.ts';
import { plannedJobs, type QueuedJob, type QueueEntry } from './queue-entry.ts';

/** An event that the queue is folded from. */
export type QueueInput = (RunEvent | GrantEvent | JobEvent) & {
  /** Version in its stream. */
  readonly version: number;
  readonly metadata: { readonly correlationId: string };
};

/** Folds one event into the queue, which is changed. Folding the queue's own event again changes nothing. */
export const evolveQueue = (queue: Queue, event: QueueInput): void => {
  switch (event.type) {
    case 'run-requested':
      return addRun(queue, plannedJobs(event.data, event.metadata.correlationId));
    case 'run-extended':
      return addFoundJobs(queue, event.data.found_by, plannedJobs(event.data, event.metadata.correlationId));
    case 'job-ready':
    case 'job-granted':
      return event.version > queue.version ? evolveGrant(queue, event, event.version) : undefined;
    default:
      return evolveJob(queue, event);
  }
};

/**
 * Adds a run; a run that the queue has already is left as it is.
 * @param restore sets what is known of an entry beyond its plan, before anything follows from it
 */
export const addRun = (
  queue: Queue,
  jobs: readonly QueuedJob[],
  restore: (entry: QueueEntry) => void = () => undefined,
): void => {
  addRuns(queue, [jobs], restore);
};

/** Adds runs, of which one may need jobs of another, as `addRun`. */
export const addRuns = (
  queue: Queue,
  runs: readonly (readonly QueuedJob[])[],
  restore: (entry: QueueEntry) => void,
): void => {
  const added = runs.filter(([first]) => first && !queue.runs.has(first.run));
  for (const [first] of added) {
    if (!first) continue;
    const { run, activity } = first;
    queue.runs.set(run, { activity, entries: [], kept: 0, unended: 0 });
    if (activity !== null) queue.active.set(activity, (queue.active.get(activity) ?? new Set()).add(run));
  }
  addJobs(queue, added.flat(), restore);
};

/** Adds the jobs of the machines that a job of the run found, once. */
export const addFoundJobs = (queue: Queue, foundBy: string, jobs: readonly QueuedJob[]): void => {
  const finder = queue.entries.get(foundBy);
  if (!finder?.awaitsExtension) return;
  const activity = queue.runs.get(finder.job.run)?.activity ?? null;
  const ofRun = jobs.map((job) => ({ ...job, activity }));
  addJobs(queue, ofRun, (entry) => {
    entry.unmet.delete(foundBy);
    entry.readyRecorded = entry.unmet.size === 0;
  });
  endExtension(queue, finder);
};

/** Folds an event of the queue's own stream. */
export const evolveGrant = (queue: Queue, { type, data }: GrantEvent, version: number): void => {
  queue.version = version;
  const entry = queue.entries.get(data.job);
  if (!entry) return;
  // Who is granted is ready.
  entry.readyRecorded = true;
  queue.toRecordReady.delete(entry);
  if (type === 'job-granted') takeGrant(queue, entry, version);
};

const evolveJob = (queue: Queue, event: JobEvent): void => {
  const entry = queue.entries.get(event.data.job);
  if (!entry || entry.stage === 'ended') return;
  if (event.type === 'job-started') return startJob(queue, entry);
  if (event.type === 'job-pause-ended') return endPause(queue, entry);
  if (event.type === 'job-attempt-lost') return loseAttempt(queue, entry, event.data);
  const end = jobEndOf(event);
  if (end === undefined) return;
  if (event.type === 'job-failed' || event.type === 'job-canceled') entry.reason = event.data.reason;
  if (findsMachines(entry, event)) awaitExtension(queue, entry);
  endJob(queue, entry, end);
};

const loseAttempt = (
  queue: Queue,
  entry: QueueEntry,
  { pause }: Extract<JobEvent, { type: 'job-attempt-lost' }>['data'],
): void => (pause ? pauseJob(queue, entry, Date.parse(pause.until)) : handOver(queue, entry));

const findsMachines = ({ job }: QueueEntry, event: JobEvent): boolean =>
  job.task === 'machines' && event.type === 'job-succeeded' && event.data.machines.length > 0;
