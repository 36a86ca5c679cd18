import { runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { RUN_ON_REPOSITORY_HOST_SETTING } from '@cyborgbackup/contracts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { ensurePrograms } from './ensure-programs.ts';
import type { Program } from './packages.ts';

interface RunnerToPrepare {
  readonly runner: BorgRunner;
  /** For messages. */
  readonly name: string;
  readonly programs: readonly Program[];
  /** The borg there, if the repository names it. */
  readonly borg?: string | undefined;
}

/** Nobody but its owner knows how a borg of another name gets to a host. @throws JobFailure, SshError */
const assertNamedBorg = async ({ signal }: JobContext, { runner, name, borg = '' }: RunnerToPrepare): Promise<void> => {
  const { exitCode } = await runCommand(runner, ['sh', '-c', 'command -v -- "$1"', 'sh', borg], { signal });
  if (exitCode === 0) return;
  throw new JobFailure(
    `There is no ${borg} on ${name}, which the repository has as its remote_path: install it there, or correct the field.`,
  );
};

/** Makes sure that a host has programs. @throws JobFailure, SshError */
export const prepareRunner = async (context: JobContext, host: RunnerToPrepare): Promise<void> => {
  const { runner, name, programs, borg = 'borg' } = host;
  if (borg !== 'borg') await assertNamedBorg(context, host);
  const wanted = programs.filter((program) => program !== 'borg' || borg === 'borg');
  const { stdout: uid } = await runCommand(runner, ['id', '-u'], { signal: context.signal });
  await ensurePrograms(context, { runner, name, isRoot: uid.trim() === '0', programs: wanted });
};

/**
 * Makes sure that borg can run at an endpoint, and in pull mode mount clients there.
 * @returns the endpoint's name for messages
 * @throws JobFailure, SshError
 */
export const prepareEndpoint = async (
  context: JobContext,
  { host, runner, program }: BorgEndpoint,
  { pull }: { readonly pull: boolean },
): Promise<string> => {
  const name = host === 'executor' ? 'the host of the executor' : runner.where;
  const programs: readonly Program[] = pull ? ['borg', 'ssh', 'sshfs'] : ['borg', 'ssh'];
  await prepareRunner(context, { runner, name, programs, borg: program });
  if (!pull) return name;
  const { exitCode } = await runCommand(runner, ['sh', '-c', 'exec 3<>/dev/fuse'], { signal: context.signal });
  if (exitCode === 0) return name;
  throw new JobFailure(
    `/dev/fuse cannot be opened on ${name}, so a client's files cannot be mounted there: load the kernel module fuse, or give the container the device and the capability SYS_ADMIN. The setting ${RUN_ON_REPOSITORY_HOST_SETTING} has it mounted on the repository's host instead, which then learns the passphrase.`,
  );
};
