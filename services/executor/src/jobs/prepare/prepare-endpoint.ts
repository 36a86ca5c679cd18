import { runCommand } from '@cyborgbackup/borg';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { ensurePrograms } from './ensure-programs.ts';

/**
 * Makes sure that borg can run at an endpoint, and in pull mode mount clients there.
 * @returns the endpoint's name for messages
 * @throws JobFailure, SshError
 */
export const prepareEndpoint = async (
  context: JobContext,
  { host, runner }: BorgEndpoint,
  { pull }: { readonly pull: boolean },
): Promise<string> => {
  const name = host === 'executor' ? 'the host of the executor' : runner.where;
  const { signal } = context;
  const { stdout: uid } = await runCommand(runner, ['id', '-u'], { signal });
  const programs = pull ? (['borg', 'ssh', 'sshfs'] as const) : (['borg'] as const);
  await ensurePrograms(context, { runner, name, isRoot: uid.trim() === '0', programs });
  if (!pull) return name;
  const { exitCode } = await runCommand(runner, ['sh', '-c', 'exec 3<>/dev/fuse'], { signal });
  if (exitCode === 0) return name;
  throw new JobFailure(
    `/dev/fuse cannot be opened on ${name}, so a client's files cannot be mounted there: load the kernel module fuse, or give the container the device and the capability SYS_ADMIN.`,
  );
};
