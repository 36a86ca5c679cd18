import type { RepositoryLocation } from '@cyborgbackup/borg';
import type { ConnectionOptions } from './connection-options.ts';

/** By which processes are known as a job's, on every host; see takeover/. Not what a hook is told the job by. */
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
