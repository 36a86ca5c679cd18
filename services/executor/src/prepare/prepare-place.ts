import { runCommand } from '@cyborgbackup/borg';
import type { BorgPlace } from '../connect/borg-place.ts';
import { JobFailure } from '../job/job-failure.ts';
import { ensurePrograms } from './ensure-programs.ts';

interface Options {
  readonly mayInstall: boolean;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  /** Borg has to mount clients there. */
  readonly pull: boolean;
}

/** Makes sure that borg, and for pull mode sshfs, can run where a place is. @throws JobFailure, SshError */
export const preparePlace = async (place: BorgPlace, { mayInstall, signal, say, pull }: Options): Promise<void> => {
  const { runner } = place;
  const name = place.host === 'executor' ? 'the host of the executor' : runner.where;
  const { stdout: uid } = await runCommand(runner, ['id', '-u'], { signal });
  const host = { runner, name, isRoot: uid.trim() === '0', signal, say };
  await ensurePrograms(host, { programs: pull ? ['borg', 'ssh', 'sshfs'] : ['borg'], mayInstall });
  if (!pull) return;
  const { exitCode } = await runCommand(runner, ['sh', '-c', 'exec 3<>/dev/fuse'], { signal });
  if (exitCode === 0) return;
  throw new JobFailure(
    `/dev/fuse cannot be opened on ${name}, so a client's files cannot be mounted there: load the kernel module fuse, or give the container the device and the capability SYS_ADMIN.`,
  );
};
