import { runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { RUN_ON_REPOSITORY_HOST_SETTING } from '@cyborgbackup/contracts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { ensurePrograms } from './ensure-programs.ts';
import type { Program } from './packages.ts';

/** Makes sure that a host has programs. @param name for messages @throws JobFailure, SshError */
export const prepareRunner = async (
  context: JobContext,
  {
    runner,
    name,
    programs,
  }: { readonly runner: BorgRunner; readonly name: string; readonly programs: readonly Program[] },
): Promise<void> => {
  const { stdout: uid } = await runCommand(runner, ['id', '-u'], { signal: context.signal });
  await ensurePrograms(context, { runner, name, isRoot: uid.trim() === '0', programs });
};

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
  await prepareRunner(context, { runner, name, programs: pull ? ['borg', 'ssh', 'sshfs'] : ['borg', 'ssh'] });
  if (!pull) return name;
  const { exitCode } = await runCommand(runner, ['sh', '-c', 'exec 3<>/dev/fuse'], { signal: context.signal });
  if (exitCode === 0) return name;
  throw new JobFailure(
    `/dev/fuse cannot be opened on ${name}, so a client's files cannot be mounted there: load the kernel module fuse, or give the container the device and the capability SYS_ADMIN. The setting ${RUN_ON_REPOSITORY_HOST_SETTING} has it mounted on the repository's host instead, which then learns the passphrase.`,
  );
};
