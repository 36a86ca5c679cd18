import { readScript, runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';
import type { ConnectionOptions } from '../job/job-context.ts';
import type { BorgEndpoint } from './borg-endpoint.ts';
import type { RepositorySecrets } from './secrets.ts';

/** The environment variable that marks a job's processes on every host. Hooks are told their job by another one. */
export const JOB_MARKER = 'CYBORGBACKUP_JOB_MARK';

/** For whom a borg of ours took a lock. */
export type LockOwner = { readonly kind: 'job'; readonly job: string } | { readonly kind: 'download' };

/**
 * How a borg of ours names itself in the locks that it takes, before the name of its host. All attempts of a job have one name, so
 * that borg itself takes the lock of an earlier one for stale. A borg that serves a repository has the name of its host alone.
 * See docs/decisions/0034-a-lock-names-its-job.md.
 */
export const lockOwnerName = ({ job }: Pick<ConnectionOptions, 'job'>): string =>
  job === undefined ? 'cyborgbackup-download' : `cyborgbackup-job-${job}`;

const OWNED = /^cyborgbackup-(?:download|job-(?<job>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))@(?<host>.+)$/s;

/** The owner and the host that the first part of a lock's name tells; undefined when it is not the lock of a borg that we started. */
export const parseLockOwner = (id: string): { readonly owner: LockOwner; readonly host: string } | undefined => {
  const { job, host } = OWNED.exec(id)?.groups ?? {};
  if (host === undefined) return undefined;
  return { owner: job === undefined ? { kind: 'download' } : { kind: 'job', job }, host };
};

/** What marks borg as the job's, and the borg that serves the repository on another host. */
interface JobMark {
  /** Of the borg that we start. */
  readonly env: Readonly<Record<string, string>>;
  /** That borg passes on to `borg serve`. */
  readonly options: readonly string[];
}

type MarkedEndpoint = Pick<BorgEndpoint, 'env' | 'options' | 'lockOwner'>;

/**
 * Borg passes on the names of debug topics that have to do with repositories, which nothing else comes of. So the mark is among the
 * arguments of the other borg, or, where the key has a forced command, in its SSH_ORIGINAL_COMMAND; and what the host is sent
 * still begins with `borg serve`, the one thing that some hosts take.
 */
const markOf = ({ job }: ConnectionOptions): JobMark =>
  job === undefined
    ? { env: {}, options: [] }
    : { env: { [JOB_MARKER]: job }, options: [`--debug-topic=repository.${JOB_MARKER}=${job}`] };

/** How a borg runs that has the repository's files at hand. */
export const besideRepository = (options: ConnectionOptions): MarkedEndpoint => ({
  env: markOf(options).env,
  options: [],
  lockOwner: lockOwnerName(options),
});

/** How a borg runs that another one serves, on the repository's host. */
export const servedBy = (options: ConnectionOptions, { remotePath }: RepositorySecrets): MarkedEndpoint => {
  const mark = markOf(options);
  return {
    env: mark.env,
    options: [`--remote-path=${remotePath}`, ...mark.options],
    lockOwner: lockOwnerName(options),
  };
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
  const argv = ['sh', '-c', END_PROCESSES, 'sh', JOB_MARKER, job];
  const { exitCode, stdout, stderr } = await runCommand(runner, argv, { ...options, timeoutMillis: END_MILLIS });
  if (exitCode === 0) return Number(stdout);
  const pids = stderr.trim().replaceAll(/\s+/g, ', ');
  throw new JobFailure(
    `Processes of an earlier attempt cannot be ended on ${runner.where} (pid ${pids}). Is a file system hanging there?`,
  );
};
