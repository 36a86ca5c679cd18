import type { LockOwner } from '../../endpoints/job-processes.ts';
import type { EndedAttempt } from './ended-attempts.ts';
import type { RunningProcess } from './find-process.ts';
import type { LockHolder } from './lock-holders.ts';

/** Whose lock it is, and by that what may be done about it. */
export type LockOwnership =
  /** A process of ours whose job does not need it any more: once it is ended, it releases the lock. */
  | { readonly kind: 'leftover'; readonly job: string }
  /** A process of ours that does not run any more. */
  | { readonly kind: 'gone' }
  /** A running job or download of ours. */
  | { readonly kind: 'busy'; readonly owner: LockOwner }
  | { readonly kind: 'foreign'; readonly why: string };

export interface LockHolderLookup {
  readonly holder: LockHolder;
  /** Whether the lock is that of a cache of the executors, whose containers may share one folder. */
  readonly isOwnCache: boolean;
  /** Whether the lock is that of a repository which borg reaches over SSH: mostly it is `borg serve` that takes it. */
  readonly isServed: boolean;
  /** Names of the host that has the lock. */
  readonly hostNames: readonly string[];
  /** What runs there under the holder's process id. */
  readonly process: RunningProcess | undefined;
  /** What the log says of the job that the lock names, or else that process: one that is over or pauses has no use for a lock. */
  readonly jobStatus: 'running' | 'ended' | 'unknown';
  /** The job that asks, which has no process of its own at this moment. */
  readonly job: string | undefined;
  /** Attempts on the repository. */
  readonly attempts: readonly EndedAttempt[];
}

const foreign = (why: string): LockOwnership => ({ kind: 'foreign', why });

const isHere = ({ holder, hostNames }: LockHolderLookup): boolean =>
  hostNames.some((name) => name.toLowerCase() === holder.host.toLowerCase());

const elsewhere = ({ pid, host }: LockHolder): LockOwnership =>
  foreign(`process ${pid} of the host ${host}, which cannot be looked at from here`);

/** Process ids are used again: a process that is not borg does not hold a lock of borg. */
const borgOf = ({ process }: LockHolderLookup): RunningProcess | undefined =>
  process && /\bborg/.test(process.command) ? process : undefined;

const notOurs = ({ holder: { pid, host } }: LockHolderLookup, { command }: RunningProcess): LockOwnership =>
  foreign(`process ${pid} on ${host}, which is not ours: ${command}`);

const unknownJob = (job: string): LockOwnership => foreign(`a job ${job}, which is none of this control plane`);

/**
 * A lock that names its job is removed when that job does not run, or is the one that asks, and the lock's process cannot run: the
 * host can be looked at, or it was a container with a cache of ours, which its executor has stopped working in.
 * See docs/decisions/0020-an-executor-stops-before-it-is-replaced.md.
 */
const classifyJobsLock = (owner: string, lookup: LockHolderLookup): LockOwnership => {
  const { holder, isOwnCache, jobStatus, job } = lookup;
  if (jobStatus === 'unknown') return unknownJob(owner);
  if (jobStatus === 'running' && owner !== job) return { kind: 'busy', owner: { kind: 'job', job: owner } };
  if (!isHere(lookup)) return isOwnCache ? { kind: 'gone' } : elsewhere(holder);
  const borg = borgOf(lookup);
  if (borg?.job === owner) return { kind: 'leftover', job: owner };
  return borg && borg.job === undefined ? notOurs(lookup, borg) : { kind: 'gone' };
};

/** The log does not say when a download ends, so its process alone counts. It has no mark of a job. */
const classifyDownloadsLock = (lookup: LockHolderLookup): LockOwnership => {
  if (!isHere(lookup)) return elsewhere(lookup.holder);
  const borg = borgOf(lookup);
  return borg && borg.job === undefined ? { kind: 'busy', owner: { kind: 'download' } } : { kind: 'gone' };
};

/** Clocks of hosts differ. */
const SKEW_MILLIS = 5 * 60_000;

/**
 * Of a repository on another host the lock is held by `borg serve`, to which we can give no name where the key has a forced command.
 * But a lock that was taken while an attempt of ours ran on the repository belongs to that attempt, since a repository has one
 * writer at a time.
 */
const wasOurServers = ({ holder: { at }, isServed, attempts }: LockHolderLookup): boolean =>
  isServed &&
  at !== undefined &&
  attempts.some(({ begun, ended }) => at >= begun - SKEW_MILLIS && at <= ended + SKEW_MILLIS);

const classifyUnnamedLock = (lookup: LockHolderLookup): LockOwnership => {
  const { holder, jobStatus, job } = lookup;
  if (!isHere(lookup)) return elsewhere(holder);
  const borg = borgOf(lookup);
  if (!borg) {
    if (wasOurServers(lookup)) return { kind: 'gone' };
    const named = `process ${holder.pid} on ${holder.host}`;
    return foreign(`${named}, which does not run any more and was not started by a job of ours`);
  }
  if (borg.job === undefined) return notOurs(lookup, borg);
  if (jobStatus === 'unknown') return unknownJob(borg.job);
  if (jobStatus === 'running' && borg.job !== job) return { kind: 'busy', owner: { kind: 'job', job: borg.job } };
  return { kind: 'leftover', job: borg.job };
};

/**
 * A lock is taken from its holder only when that was a process of a job or download of ours which does not run any more; or when it
 * still runs for a job that does not run, and can be ended.
 */
export const classifyLockHolder = (lookup: LockHolderLookup): LockOwnership => {
  const { owner } = lookup.holder;
  if (owner === undefined) return classifyUnnamedLock(lookup);
  return owner.kind === 'job' ? classifyJobsLock(owner.job, lookup) : classifyDownloadsLock(lookup);
};
