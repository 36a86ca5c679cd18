import type { JobEnd } from '@cyborgbackup/contracts';
import type { Queue } from './queue.ts';
import { urgencyOf } from './fair-share.ts';
import { createEntry, type EndedDependency, type QueuedJob, type QueueEntry } from './queue-entry.ts';

/**
 * Adds jobs to runs that the queue has.
 * @param restore sets what is known of an entry beyond its plan, before anything follows from it
 */
export const addJobs = (queue: Queue, jobs: readonly QueuedJob[], restore: (entry: QueueEntry) => void): void => {
  const entries = jobs.map(createEntry);
  for (const entry of entries) {
    const run = queue.runs.get(entry.job.run);
    if (!run) continue;
    queue.entries.set(entry.job.uuid, entry);
    run.entries.push(entry);
    run.kept += 1;
    if (!entry.job.isForOthers) run.unended += 1;
  }
  for (const entry of entries) {
    for (const need of entry.job.needs) addDependent(queue, need, entry);
  }
  entries.forEach(restore);
  for (const entry of entries) placeEntry(queue, entry);
};

const addDependent = (queue: Queue, need: string, dependent: QueueEntry): void => {
  const entry = queue.entries.get(need);
  if (!entry) return;
  entry.dependents.push(dependent);
  countDependent(queue, entry, dependent, 1);
};

/** A job that needs this one comes or ends: others may be more urgent now. */
const countDependent = (queue: Queue, entry: QueueEntry, { job }: QueueEntry, change: 1 | -1): void => {
  entry.openDependents += change;
  if (job.manual) entry.openManualDependents += change;
  if (entry.stage === 'ready') queue.ready.add(entry.job, urgencyOf(entry));
};

/** Takes a new or restored entry to its stage. */
const placeEntry = (queue: Queue, entry: QueueEntry): void => {
  const { grantedAt, pausedUntil, end } = entry;
  // The log says that all it needs has succeeded; a leader that has just loaded may have forgotten that.
  if (entry.readyRecorded) entry.unmet.clear();
  if (grantedAt !== undefined) takeGrant(queue, entry, grantedAt);
  if (entry.awaitsExtension) awaitExtension(queue, entry);
  if (end !== undefined) return endJob(queue, entry, end);
  if (pausedUntil !== undefined) return pauseJob(queue, entry, pausedUntil);
  if (grantedAt !== undefined) return;
  resolveEnded(queue, entry);
  becomeReady(queue, entry);
};

/** A preparation of another run may have ended before the run that needs it came. */
const resolveEnded = (queue: Queue, entry: QueueEntry): void => {
  for (const need of entry.unmet) {
    const dependency = queue.entries.get(need);
    if (dependency?.stage === 'ended') resolveDependency(queue, entry, endedDependency(dependency));
    if (!dependency) queue.needForgotten.set(need, [...(queue.needForgotten.get(need) ?? []), entry]);
  }
};

/** The jobs that the queue had forgotten ended in this way. */
export const endForgotten = (queue: Queue, ended: readonly EndedDependency[]): void => {
  const known = new Map(ended.map((dependency) => [dependency.uuid, dependency]));
  for (const [uuid, dependents] of queue.needForgotten) {
    const dependency = known.get(uuid) ?? unknownJob(uuid);
    for (const dependent of dependents) resolveDependency(queue, dependent, dependency);
  }
  queue.needForgotten.clear();
};

/** No run needs a job that is not in the log before it; if one did, it must not wait for ever. */
const unknownJob = (uuid: string): EndedDependency => ({
  uuid,
  name: uuid,
  job_type: 'check',
  end: 'error',
  reason: 'This job is not in the log. Launch again.',
});

const becomeReady = (queue: Queue, entry: QueueEntry): void => {
  if (entry.stage !== 'waiting' || entry.unmet.size > 0) return;
  entry.stage = 'ready';
  queue.ready.add(entry.job, urgencyOf(entry));
  if (!entry.readyRecorded) queue.toRecordReady.add(entry);
};

/** @param version of the grant in the queue's stream */
export const takeGrant = (queue: Queue, entry: QueueEntry, version: number): void => {
  if (entry.stage !== 'running') entry.stage = 'granted';
  entry.grantedAt = version;
  queue.ready.grant(entry.job, version);
  queue.granted += 1;
  if (entry.stage === 'granted') queue.handedOut.add(entry);
};

/** What says that a job has ended or pauses says that its grant is released. */
const releaseGrant = (queue: Queue, entry: QueueEntry): void => {
  if (entry.grantedAt === undefined) return;
  entry.grantedAt = undefined;
  queue.ready.release(entry.job);
  queue.granted -= 1;
};

export const startJob = (queue: Queue, entry: QueueEntry): void => {
  if (entry.stage !== 'granted') return;
  entry.stage = 'running';
  queue.handedOut.delete(entry);
};

/** Another executor starts it under the same grant. */
export const handOver = (queue: Queue, entry: QueueEntry): void => {
  if (entry.stage !== 'running') return;
  entry.stage = 'granted';
  queue.handedOut.add(entry);
};

export const pauseJob = (queue: Queue, entry: QueueEntry, until: number): void => {
  entry.stage = 'pausing';
  entry.pausedUntil = until;
  // It had a grant. A leader that has just loaded does not know of all dependencies that they succeeded, or takes it for ready.
  entry.unmet.clear();
  queue.ready.remove(entry.job);
  queue.handedOut.delete(entry);
  queue.pausing.add(entry);
  releaseGrant(queue, entry);
};

/** It takes its former place among the ready jobs. */
export const endPause = (queue: Queue, entry: QueueEntry): void => {
  if (entry.stage !== 'pausing') return;
  entry.stage = 'waiting';
  entry.pausedUntil = undefined;
  queue.pausing.delete(entry);
  becomeReady(queue, entry);
};

export const endJob = (queue: Queue, entry: QueueEntry, end: JobEnd): void => {
  if (entry.stage === 'ended') return;
  queue.ready.remove(entry.job);
  queue.toRecordReady.delete(entry);
  queue.handedOut.delete(entry);
  queue.pausing.delete(entry);
  queue.blockedByFailure.delete(entry);
  entry.stage = 'ended';
  entry.end = end;
  const ended = endedDependency(entry);
  for (const dependent of entry.dependents) resolveDependency(queue, dependent, ended);
  for (const need of entry.job.needs) {
    const dependency = queue.entries.get(need);
    if (dependency) countDependent(queue, dependency, entry, -1);
  }
  if (!entry.job.isForOthers) leaveRun(queue, entry);
  releaseGrant(queue, entry);
  closeEntry(queue, entry);
};

const endedDependency = ({ job: { uuid, name, job_type }, end = 'error', reason }: QueueEntry): EndedDependency => ({
  uuid,
  name,
  job_type,
  end,
  reason,
});

/** A dependency has ended. */
const resolveDependency = (queue: Queue, dependent: QueueEntry, dependency: EndedDependency): void => {
  if (dependent.stage !== 'waiting') return;
  if (dependency.end === 'successful') {
    dependent.unmet.delete(dependency.uuid);
    becomeReady(queue, dependent);
  } else if (!queue.blockedByFailure.has(dependent)) queue.blockedByFailure.set(dependent, dependency);
};

/** The job found machines: its run counts as active, and its entries are kept, until it is extended. */
export const awaitExtension = (queue: Queue, entry: QueueEntry): void => {
  const run = queue.runs.get(entry.job.run);
  if (!run) return;
  run.kept += 1;
  run.unended += 1;
  entry.awaitsExtension = true;
  queue.toExtend.add(entry);
};

export const endExtension = (queue: Queue, entry: QueueEntry): void => {
  entry.awaitsExtension = false;
  queue.toExtend.delete(entry);
  leaveRun(queue, entry);
  closeEntry(queue, entry);
};

/** Once all of a run that was asked for has ended, other runs of its activity may start. */
const leaveRun = (queue: Queue, { job }: QueueEntry): void => {
  const run = queue.runs.get(job.run);
  if (!run) return;
  run.unended -= 1;
  if (run.unended > 0 || run.activity === null) return;
  const others = queue.active.get(run.activity);
  others?.delete(job.run);
  if (others?.size === 0) queue.active.delete(run.activity);
};

/** Once nothing of a run is left to keep, the queue forgets it. */
const closeEntry = (queue: Queue, { job }: QueueEntry): void => {
  const run = queue.runs.get(job.run);
  if (!run) return;
  run.kept -= 1;
  if (run.kept > 0) return;
  for (const entry of run.entries) queue.entries.delete(entry.job.uuid);
  queue.runs.delete(job.run);
};
