import { runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { JOB_MARKER } from '../connect/place-env.ts';

/** What runs under a process id. */
export interface FoundProcess {
  /** Its command line, cut short. */
  readonly command: string;
  /** Uuid of the job it belongs to, if it is one of ours. */
  readonly job: string | undefined;
}

const LOOK = `
kill -0 "$1" 2>/dev/null || [ -e "/proc/$1" ] || exit 0
if [ -r "/proc/$1/cmdline" ]; then
  echo "command=$(tr '\\0' ' ' <"/proc/$1/cmdline" | cut -c 1-200)"
  echo "job=$(tr '\\0' '\\n' 2>/dev/null <"/proc/$1/environ" | grep -oE "$2=[0-9a-f-]{36}" | head -n 1)"
else
  echo "command=$(ps -o command= -p "$1" | cut -c 1-200)"
  echo "job=$(ps eww -o command= -p "$1" | grep -oE "$2=[0-9a-f-]{36}" | head -n 1)"
fi`;

/** A process on a host; undefined when there is none, or only one that waits to be reaped. @throws SshError */
export const lookAtProcess = async (
  runner: BorgRunner,
  pid: number,
  signal: AbortSignal,
): Promise<FoundProcess | undefined> => {
  const { stdout } = await runCommand(runner, ['sh', '-c', LOOK, 'sh', String(pid), JOB_MARKER], { signal });
  const command = /^command=(.+)$/m.exec(stdout)?.[1]?.trim();
  if (command === undefined || command === '') return undefined;
  return { command, job: /^job=.*=(.+)$/m.exec(stdout)?.[1] };
};
