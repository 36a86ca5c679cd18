import type { RecordedAttempt } from './attempts-of.ts';
import type { LockHolder } from './lock-holders.ts';
import type { FoundProcess } from './find-process.ts';

/** What may be done about the holder of a lock. */
export type Verdict =
  /** A process of ours whose job does not need it any more: it can be ended, and lets go of the lock. */
  | { readonly verdict: 'leftover'; readonly job: string }
  /** It was a process of ours, and it is gone. */
  | { readonly verdict: 'gone' }
  /** A job of ours that is at work. */
  | { readonly verdict: 'busy'; readonly job: string }
  | { readonly verdict: 'foreign'; readonly why: string };

export interface LockHolderLookup {
  readonly holder: LockHolder;
  /** Names of the host that was looked at. */
  readonly hostNames: readonly string[];
  /** What runs there under the holder's process id. */
  readonly found: FoundProcess | undefined;
  /** The job that asks, which has no process of its own at this moment. */
  readonly job: string | undefined;
  /** Attempts on the repository, newest first. */
  readonly attempts: readonly RecordedAttempt[];
  /** Whether a job of ours needs its processes no more. */
  readonly isOver: (job: string) => boolean;
}

const isHere = ({ host }: LockHolder, names: readonly string[]): boolean =>
  names.some((name) => name.toLowerCase() === host.toLowerCase());

/** Process ids are given out again: what is no borg does not hold a lock of borg. */
const isBorg = ({ command }: FoundProcess): boolean => /\bborg/.test(command);

/** Clocks of hosts differ. */
const SKEW_MILLIS = 5 * 60_000;

const isWithin = (at: number | undefined, { begun, ended }: RecordedAttempt): boolean =>
  at !== undefined && ended !== null && at >= begun - SKEW_MILLIS && at <= ended + SKEW_MILLIS;

/**
 * Whether a dead process was ours. Where borg runs beside the repository we know its process id. In a push backup the one
 * that holds the lock is the `borg serve` of the repository's host, whose id nobody tells us; but a lock that was taken while
 * such an attempt of ours was at work on the repository is that attempt's, since a repository has one writer at a time.
 */
const wasOurs = (holder: LockHolder, attempts: readonly RecordedAttempt[]): boolean =>
  attempts.some((one) =>
    one.host === 'client' ? isWithin(holder.at, one) : one.ended !== null && one.pid === holder.pid,
  );

/**
 * A lock is taken from its holder only when that was a process of a job of ours and is proven gone, on the very host that the
 * lock names; or when it still runs there for a job that is over, and can be ended.
 */
export const classifyLockHolder = (facts: LockHolderLookup): Verdict => {
  const { holder, hostNames, found, job, attempts, isOver } = facts;
  if (!isHere(holder, hostNames)) {
    return {
      verdict: 'foreign',
      why: `process ${holder.pid} of the host ${holder.host}, which cannot be looked at from here`,
    };
  }
  if (found && isBorg(found)) {
    if (found.job === undefined) {
      return {
        verdict: 'foreign',
        why: `process ${holder.pid} on ${holder.host}, which is not ours: ${found.command}`,
      };
    }
    const needsIt = found.job !== job && !isOver(found.job);
    return { verdict: needsIt ? 'busy' : 'leftover', job: found.job };
  }
  if (wasOurs(holder, attempts)) return { verdict: 'gone' };
  return {
    verdict: 'foreign',
    why: `process ${holder.pid} on ${holder.host}, which does not run any more and was not started by a job of ours`,
  };
};
