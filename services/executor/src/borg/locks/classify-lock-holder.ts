import type { RunningProcess } from './find-process.ts';
import type { LockHolder } from './lock-holders.ts';
import type { RecordedAttempt } from './recorded-attempts.ts';

/** Whose lock it is, and by that what may be done about it. */
export type LockOwnership =
  /** A process of ours whose job does not need it any more: once it is ended, it releases the lock. */
  | { readonly kind: 'leftover'; readonly job: string }
  /** A process of ours that does not run any more. */
  | { readonly kind: 'gone' }
  /** A running job of ours. */
  | { readonly kind: 'busy'; readonly job: string }
  | { readonly kind: 'foreign'; readonly why: string };

export interface LockHolderLookup {
  readonly holder: LockHolder;
  /** Whether the lock is that of a cache of the executors, whose containers may share one folder. */
  readonly isOwnCache: boolean;
  /** Names of the host that has the lock. */
  readonly hostNames: readonly string[];
  /** What runs there under the holder's process id. */
  readonly process: RunningProcess | undefined;
  /** Whether an attempt of that process's job is running: one that is over or pauses has no use for it. */
  readonly isJobRunning: boolean;
  /** The job that asks, which has no process of its own at this moment. */
  readonly job: string | undefined;
  /** Attempts on the repository, newest first. */
  readonly attempts: readonly RecordedAttempt[];
}

const isHere = ({ host }: LockHolder, names: readonly string[]): boolean =>
  names.some((name) => name.toLowerCase() === host.toLowerCase());

/** Process ids are used again: a process that is not borg does not hold a lock of borg. */
const isBorg = ({ command }: RunningProcess): boolean => /\bborg/.test(command);

/** Clocks of hosts differ. */
const SKEW_MILLIS = 5 * 60_000;

const isWithin = (at: number | undefined, { begun, ended }: RecordedAttempt): boolean =>
  at !== undefined && ended !== null && at >= begun - SKEW_MILLIS && at <= ended + SKEW_MILLIS;

const isSameProcess = ({ pid }: LockHolder, attempt: RecordedAttempt): boolean =>
  attempt.host !== 'client' && attempt.ended !== null && attempt.pid === pid;

/**
 * Whether a dead process was ours. The process id of borg is recorded, and holds the lock of a repository or cache on its own host.
 * Of a repository elsewhere the lock is held by the `borg serve` of its host, whose id we do not learn; but a lock that was taken
 * while such an attempt of ours ran on the repository belongs to that attempt, since a repository has one writer at a time.
 */
const wasOurs = (holder: LockHolder, attempts: readonly RecordedAttempt[]): boolean =>
  attempts.some(
    (attempt) => isSameProcess(holder, attempt) || (attempt.host !== 'repository' && isWithin(holder.at, attempt)),
  );

/** Whether it was a process of ours in a container that is gone. Containers have the same process ids, so the time counts too. */
const wasOurContainers = (holder: LockHolder, attempts: readonly RecordedAttempt[]): boolean =>
  attempts.some(
    (attempt) => attempt.host === 'executor' && isSameProcess(holder, attempt) && isWithin(holder.at, attempt),
  );

/**
 * A lock is taken from its holder only when that was a process of a job of ours which does not run any more, on the very host that
 * the lock names; or when it still runs there for a job that does not run, and can be ended.
 */
export const classifyLockHolder = (lookup: LockHolderLookup): LockOwnership => {
  const { holder, isOwnCache, hostNames, process, isJobRunning, job, attempts } = lookup;
  const named = `process ${holder.pid} on ${holder.host}`;
  const foreign = (why: string): LockOwnership => ({ kind: 'foreign', why });
  if (!isHere(holder, hostNames)) {
    if (isOwnCache && wasOurContainers(holder, attempts)) return { kind: 'gone' };
    return foreign(`process ${holder.pid} of the host ${holder.host}, which cannot be looked at from here`);
  }
  if (process && isBorg(process)) {
    if (process.job === undefined) return foreign(`${named}, which is not ours: ${process.command}`);
    const isNeeded = process.job !== job && isJobRunning;
    return { kind: isNeeded ? 'busy' : 'leftover', job: process.job };
  }
  if (wasOurs(holder, attempts)) return { kind: 'gone' };
  return foreign(`${named}, which does not run any more and was not started by a job of ours`);
};
