import { readScript, runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { JOB_MARKER } from '../../endpoints/job-processes.ts';

export interface RunningProcess {
  /** Its command line, cut short. */
  readonly command: string;
  /** Uuid of the job it belongs to, if it is one of ours. */
  readonly job: string | undefined;
}

const FIND_PROCESS = readScript(new URL('./find-process.sh', import.meta.url));

/** A process on a host; undefined when there is none, or only a zombie. @throws SshError */
export const findProcess = async (
  runner: BorgRunner,
  pid: number,
  signal: AbortSignal,
): Promise<RunningProcess | undefined> => {
  const { stdout } = await runCommand(runner, ['sh', '-c', FIND_PROCESS, 'sh', String(pid), JOB_MARKER], { signal });
  const command = /^command=(.+)$/m.exec(stdout)?.[1]?.trim();
  if (command === undefined || command === '') return undefined;
  return { command, job: /^job=.*=(.+)$/m.exec(stdout)?.[1] };
};
