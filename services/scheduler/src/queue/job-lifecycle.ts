import type { JobEnd } from '@cyborgbackup/contracts';
import type { Queue } from './queue.ts';
import { createEntry, type QueuedJob, type QueueEntry } from './queue-entry.ts';

/**
 * Adds jobs to a run that the queue has.
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
    run.unended += 1;
  }
  for (const entry of entries) {
    for (const need of entry.job.needs) queue.entries.get(need)?.dependents.push(entry);
  }
  entries.forEach(restore);
  for (const entry of entries) placeEntry(queue, entry);
};

/** Takes a new or restored entry to its stage. */
const placeEntry = (queue: Queue, entry: QueueEntry): void => {
  const { grantedAt, pausedUntil, end } = entry;
  if (grantedAt !== undefined) takeGrant(queue, entry, grantedAt);
  if (entry.awaitsExtension) awaitExtension(queue, entry);
  if (end !== undefined) return endJob(queue, entry, end);
  if (pausedUntil !== undefined) return pauseJob(queue, entry, pausedUntil);
  if (grantedAt === undefined) becomeReady(queue, entry);
};

const becomeReady = (queue: Queue, entry: QueueEntry): void => {
  if (entry.stage !== 'waiting' || entry.unmet.size > 0) return;
  entry.stage = 'ready';
  queue.ready.add(entry.job);
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

export const releaseGrant = (queue: Queue, entry: QueueEntry): void => {
  if (entry.grantedAt === undefined) return;
  entry.grantedAt = undefined;
  queue.toRelease.delete(entry);
  queue.ready.release(entry.job);
  queue.granted -= 1;
  if (entry.stage === 'ended') closeEntry(queue, entry);
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
  if (entry.grantedAt !== undefined) queue.toRelease.add(entry);
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
  for (const dependent of entry.dependents) resolveDependency(queue, dependent, entry);
  leaveRun(queue, entry);
  if (entry.grantedAt !== undefined) queue.toRelease.add(entry);
  else closeEntry(queue, entry);
};

/** A dependency has ended. */
const resolveDependency = (queue: Queue, dependent: QueueEntry, dependency: QueueEntry): void => {
  if (dependent.stage !== 'waiting') return;
  if (dependency.end === 'successful') {
    dependent.unmet.delete(dependency.job.uuid);
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

/** Once nothing of a run is left to end, other runs of its activity may start. */
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
