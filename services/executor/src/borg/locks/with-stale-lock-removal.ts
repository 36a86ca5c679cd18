import { explainFailure, parseRepositoryLocation, type BorgResult } from '@cyborgbackup/borg';
import { isJobOver, jobEvolver, jobStream } from '@cyborgbackup/contracts';
import { loadState } from '@cyborgbackup/event-store';
import { posix } from 'node:path';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { ConnectionOptions } from '../../endpoints/connection-options.ts';
import { openRepositoryEndpoint, type Repository } from '../../endpoints/repository-endpoint.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { loadJobPlan } from '../../job/job-plan.ts';
import { caughtUp } from '../../read/caught-up.ts';
import { endLeftoverProcesses } from '../../endpoints/end-leftovers.ts';
import { readAttempts, readRunOf, type RecordedAttempt } from './attempts-of.ts';
import { classifyLockHolder, type Verdict } from './classify-lock-holder.ts';
import { readLockFolder, removeLocks } from './lock-folder.ts';
import type { LockHolder } from './lock-holders.ts';
import { findProcess, type FoundProcess } from './find-process.ts';

export interface StaleLockOptions {
  readonly connections: ConnectionOptions;
  readonly repository: Repository;
  /** Where the step runs borg. */
  readonly place: BorgEndpoint;
}

/** As borg names a lock that it waited for in vain. */
const LOCK_PATH = /lock (?<path>\/.*\/lock)(?:\.exclusive|\.roster)? \(timeout\)/s;
/** Of a cache, which lies where borg runs. */
const CACHE_FOLDER = /\/[0-9a-f]{64}$/;

const lockedFolder = (result: BorgResult): string | undefined => {
  if (result.outcome !== 'error' || explainFailure(result).kind !== 'locked') return undefined;
  const said = result.messages.map(({ message }) => LOCK_PATH.exec(message)?.groups?.['path']);
  const path = said.find((one) => one !== undefined);
  return path === undefined ? undefined : posix.dirname(path);
};

/** Where a lock's folder is. @throws JobFailure when nobody lets us look there */
const endpointOfLock = async (
  { connections, repository, place }: StaleLockOptions,
  folder: string,
): Promise<BorgEndpoint> => {
  if (CACHE_FOLDER.test(folder)) return { ...place, [Symbol.asyncDispose]: () => Promise.resolve() };
  const side = await openRepositoryEndpoint(connections, repository);
  if (side.host === 'repository' || parseRepositoryLocation(repository.path).kind === 'local') return side;
  await side[Symbol.asyncDispose]();
  throw new JobFailure(
    `The repository is locked (${folder}), and its host gives us no shell to see by whom. If no borg works on it, run "borg break-lock" there.`,
  );
};

const nameOf = async ({ connections: { parts } }: StaleLockOptions, job: string): Promise<string> => {
  const run = await readRunOf(parts.pool, job);
  if (run === undefined) return `the job ${job}`;
  const plan = await loadJobPlan(parts, run, job);
  return `job ${plan.job.id} "${plan.job.name}"`;
};

interface Looking {
  readonly options: StaleLockOptions;
  readonly side: BorgEndpoint;
  readonly hostNames: readonly string[];
  readonly attempts: readonly RecordedAttempt[];
}

const isOver = async (
  { connections: { parts } }: StaleLockOptions,
  found: FoundProcess | undefined,
): Promise<boolean> =>
  found?.job !== undefined && isJobOver((await loadState(parts, jobEvolver, jobStream(found.job))).state);

/** Returns when the holder is gone. @throws JobFailure naming a holder that stays */
const settle = async (looking: Looking, holder: LockHolder): Promise<void> => {
  const { options, side, hostNames, attempts } = looking;
  const { job, signal } = options.connections;
  const found = await findProcess(side.runner, holder.pid, signal);
  const over = await isOver(options, found);
  const verdict: Verdict = classifyLockHolder({ holder, hostNames, found, job, attempts, isOver: () => over });
  switch (verdict.verdict) {
    case 'gone':
      return;
    case 'leftover':
      await endLeftoverProcesses(side.runner, verdict.job, { signal });
      return;
    case 'busy':
      throw new JobFailure(`The repository is locked by ${await nameOf(options, verdict.job)}, which is at work.`);
    case 'foreign':
      throw new JobFailure(
        `The repository is locked by ${verdict.why}. Wait for its end; if it is none any more, run "borg break-lock" on the repository.`,
      );
  }
};

/** Removes a lock whose holders are gone, unless it is another one by then. @throws JobFailure naming a holder that stays */
const removeStaleLock = async (options: StaleLockOptions, path: string): Promise<void> => {
  const { connections, repository } = options;
  const { parts, signal, warn } = connections;
  await using side = await endpointOfLock(options, path);
  const folder = await readLockFolder(side.runner, path, signal);
  if (folder.holders.length === 0) return;
  await caughtUp(parts);
  const attempts = await readAttempts(parts.pool, repository.uuid);
  for (const holder of folder.holders) await settle({ options, side, hostNames: folder.hostNames, attempts }, holder);
  if (!(await removeLocks(side.runner, folder, signal))) return;
  const who = folder.holders.map(({ host, pid }) => `process ${pid} on ${host}`).join(', ');
  warn?.(`Removed a lock in ${path} that a dead job of ours had left (${who}).`);
};

/** A lock may change hands while its holder is looked up: then the next run finds it locked again, and it is looked up again. */
const MAX_RUNS = 3;

/**
 * Runs a step of borg. When it finds the repository or its cache locked, the lock's holder is looked up where the lock is: a
 * lock of a job of ours whose process is proven gone is removed, and the step runs once more.
 * @param step runs borg at `place`, and may be called three times
 * @throws JobFailure naming the holder when the lock may not be broken, SshError, and what the step throws
 */
export const withStaleLockRemoval = async (
  options: StaleLockOptions,
  step: () => Promise<BorgResult>,
): Promise<BorgResult> => {
  for (let run = 1; ; run += 1) {
    const result = await step();
    const folder = lockedFolder(result);
    if (folder === undefined || run === MAX_RUNS) return result;
    await removeStaleLock(options, folder);
  }
};
