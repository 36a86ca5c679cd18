import { explainFailure, parseRepositoryLocation, type BorgResult } from '@cyborgbackup/borg';
import { jobEvolver, jobStream } from '@cyborgbackup/contracts';
import { loadState } from '@cyborgbackup/event-store';
import type { KeylessDeps } from '@cyborgbackup/service';
import { posix } from 'node:path';
import type { BorgEndpoint, RepositoryAddress } from '../../endpoints/borg-endpoint.ts';
import type { ConnectionOptions } from '../../job/job-context.ts';
import { endLeftoverProcesses, type LockOwner } from '../../endpoints/job-processes.ts';
import { openRepositoryShell, type RepositoryShell } from '../../endpoints/repository-shell.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { loadJobPlan } from '../../job/job-plan.ts';
import { waitForExecutor } from '../../tables/wait-for-executor.ts';
import { classifyLockHolder, type LockHolderLookup } from './classify-lock-holder.ts';
import { findProcess } from './find-process.ts';
import { readLockFolder, removeLocks } from './lock-folder.ts';
import { lockPath } from './lock-path.ts';
import { readEndedAttempts, readRunOf } from './ended-attempts.ts';

export interface LockOptions {
  readonly connections: ConnectionOptions;
  readonly repository: RepositoryAddress;
  /** Where the step runs borg. */
  readonly endpoint: BorgEndpoint;
}

/** Of a cache, which lies where borg runs. */
const CACHE_FOLDER = /\/[0-9a-f]{64}$/;

const lockedFolder = (result: BorgResult): string | undefined => {
  if (result.outcome !== 'error' || explainFailure(result).kind !== 'locked') return undefined;
  const path = result.messages.map(({ message }) => lockPath(message)).find((found) => found !== undefined);
  return path === undefined ? undefined : posix.dirname(path);
};

interface LockPlace extends RepositoryShell {
  readonly folder: string;
}

/**
 * Where a lock is. The borg that names its folder may be one of a client: it may send us to its own host's cache, and to the
 * repository that it works on, but to no other folder there.
 * @throws JobFailure when that host gives us no shell
 */
const placeOfLock = async ({ connections, repository, endpoint }: LockOptions, named: string): Promise<LockPlace> => {
  if (CACHE_FOLDER.test(named))
    return { folder: named, runner: endpoint.runner, [Symbol.asyncDispose]: () => Promise.resolve() };
  const shell = await openRepositoryShell(
    connections,
    repository,
    `The repository is locked (${named}), and its host gives us no shell to see by whom. If no borg works on it, run "borg break-lock" there.`,
  );
  return { ...shell, folder: parseRepositoryLocation(repository.path).path };
};

const describeOwner = async (deps: KeylessDeps, owner: LockOwner): Promise<string> => {
  if (owner.kind === 'download') return 'a download';
  const { job } = owner;
  const run = await readRunOf(deps.pool, job);
  if (run === undefined) return `the job ${job}`;
  const plan = await loadJobPlan(deps, run, job);
  return `job ${plan.job.id} "${plan.job.name}"`;
};

/** A job that never started has no process: it is of another control plane, or of a part of the log that was lost. */
const jobStatusOf = async (deps: KeylessDeps, job: string | undefined): Promise<LockHolderLookup['jobStatus']> => {
  if (job === undefined) return 'unknown';
  const { status, attempt } = (await loadState(deps, jobEvolver, jobStream(job))).state;
  if (attempt === 0) return 'unknown';
  return status === 'running' ? 'running' : 'ended';
};

/** Ends the holder if it is a leftover; returns when it does not run. @throws JobFailure naming a holder that stays */
const resolveLockHolder = async (
  { deps, job, signal }: ConnectionOptions,
  { runner }: RepositoryShell,
  lookup: Omit<LockHolderLookup, 'process' | 'jobStatus' | 'job'>,
): Promise<void> => {
  const { owner, pid } = lookup.holder;
  const process = await findProcess(runner, pid, signal);
  const jobStatus = await jobStatusOf(deps, owner?.kind === 'job' ? owner.job : process?.job);
  const ownership = classifyLockHolder({ ...lookup, process, jobStatus, job });
  switch (ownership.kind) {
    case 'gone':
      return;
    case 'leftover':
      await endLeftoverProcesses(runner, ownership.job, { signal });
      return;
    case 'busy':
      throw new JobFailure(
        `The repository is locked by ${await describeOwner(deps, ownership.owner)}, which is at work.`,
      );
    case 'foreign':
      throw new JobFailure(
        `The repository is locked by ${ownership.why}. Wait for its end; if it is none any more, run "borg break-lock" on the repository.`,
      );
  }
};

/**
 * Removes a lock whose holders do not run any more, unless it has changed.
 * @param named the lock's folder, as borg says
 * @throws JobFailure naming a holder that stays
 */
const removeStaleLock = async (options: LockOptions, named: string): Promise<void> => {
  const { connections, repository } = options;
  const { deps, signal, warn } = connections;
  await using host = await placeOfLock(options, named);
  const { folder: path } = host;
  const folder = await readLockFolder(host.runner, path, signal);
  const { holders, hostNames } = folder;
  if (holders.length === 0) return;
  await waitForExecutor(deps);
  // Locks of this job count as those of earlier attempts; an executor that was paused may have lost the job to a later one.
  await connections.assertOwnership?.(signal);
  const isCache = CACHE_FOLDER.test(named);
  const isOwnCache = isCache && options.endpoint.host === 'executor';
  const isServed = !isCache && parseRepositoryLocation(repository.path).kind === 'ssh';
  const attempts = await readEndedAttempts(deps.pool, repository.uuid);
  const facts = { isOwnCache, isServed, hostNames, attempts };
  for (const holder of holders) await resolveLockHolder(connections, host, { holder, ...facts });
  if (!(await removeLocks(host.runner, folder, signal))) return;
  const processes = holders.map(({ host, pid }) => `process ${pid} on ${host}`).join(', ');
  warn?.(`Removed a lock in ${path} that a dead job of ours had left (${processes}).`);
};

/** A lock may change hands while its holder is looked up: then the next run finds it locked again, and it is looked up again. */
const MAX_RUNS = 3;

/**
 * Runs a step of borg. When it finds the repository or its cache locked, the lock's holder is looked up on the lock's host: a lock
 * of a job of ours whose process certainly does not run any more is removed, and the step runs once more.
 * @param step runs borg at the endpoint, and may be called three times
 * @throws JobFailure naming the holder when the lock may not be broken, SshError, and what the step throws
 */
export const withStaleLockRemoval = async (
  options: LockOptions,
  step: () => Promise<BorgResult>,
): Promise<BorgResult> => {
  for (let run = 1; ; run += 1) {
    const result = await step();
    const folder = lockedFolder(result);
    if (folder === undefined || run === MAX_RUNS) return result;
    await removeStaleLock(options, folder);
  }
};
