import { readScript, runCommand, type BorgRunner, type RepositoryLocation } from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';
import type { ConnectionOptions } from '../job/job-context.ts';

/** The environment variable that marks a job's processes on every host. Hooks are told their job by another one. */
export const JOB_MARKER = 'CYBORGBACKUP_JOB_MARK';

/**
 * The environment that marks borg, and the borg that serves the repository on another host. There the marker is set by the
 * account's shell, or, where the key has a forced command, is part of SSH_ORIGINAL_COMMAND, in which borg skips it.
 */
export const markedEnv = (
  { job }: ConnectionOptions,
  repository: RepositoryLocation['kind'],
): Readonly<Record<string, string>> => {
  if (job === undefined) return {};
  const marker = { [JOB_MARKER]: job };
  return repository === 'ssh' ? { ...marker, BORG_REMOTE_PATH: `${JOB_MARKER}=${job} borg` } : marker;
};

const END_PROCESSES = readScript(new URL('./end-processes.sh', import.meta.url));
const END_MILLIS = 120_000;

/**
 * Ends every process of a job on a host: TERM, which makes borg release its locks, and KILL after five seconds. To be called
 * before another attempt starts, and wherever a process may have outlived its connection.
 * @param job the job's uuid
 * @returns how many there were
 * @throws JobFailure when one of them cannot be ended, SshError
 */
export const endLeftoverProcesses = async (
  runner: BorgRunner,
  job: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<number> => {
  const argv = ['sh', '-c', END_PROCESSES, 'sh', `${JOB_MARKER}=${job}`];
  const { exitCode, stdout, stderr } = await runCommand(runner, argv, { ...options, timeoutMillis: END_MILLIS });
  if (exitCode === 0) return Number(stdout);
  const pids = stderr.trim().replaceAll(/\s+/g, ', ');
  throw new JobFailure(
    `Processes of an earlier attempt cannot be ended on ${runner.where} (pid ${pids}). Is a file system hanging there?`,
  );
};
