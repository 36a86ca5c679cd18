import { runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { JOB_MARKER } from '../connect/place-env.ts';
import { JobFailure } from '../job/job-failure.ts';

/**
 * Prints how many processes it ended, and fails with the pids of those that would not end. A process is found by its
 * environment, which it cannot lose; whoever may not look into another account's processes has none there either. A zombie
 * has no environment any more.
 */
const END = `
marked() {
  if [ -r /proc/self/environ ]; then
    grep -lsF "$1" /proc/[0-9]*/environ | sed 's|^/proc/||; s|/environ$||'
  else
    ps axeww -o pid= -o command= | grep -F "$1" | grep -vF "grep -F" | awk -v me="$$" '$1 != me { print $1 }'
  fi
}
found=$(marked "$1")
[ -n "$found" ] || { echo 0; exit 0; }
echo $(echo "$found" | wc -l)
for signal in TERM KILL; do
  kill -s "$signal" $found 2>/dev/null
  for _ in $(seq 50); do
    left=$(marked "$1")
    [ -n "$left" ] || exit 0
    sleep 0.1 2>/dev/null || sleep 1
  done
  found=$left
done
echo "$left" >&2
exit 1`;

const END_MILLIS = 120_000;

/**
 * Ends every process of a job on a host: TERM, which makes borg release its locks, and KILL after five seconds. To be called
 * before another attempt starts, and wherever a process may have outlived its connection.
 * @param job the job's uuid
 * @returns how many there were
 * @throws JobFailure when one of them cannot be ended, SshError
 */
export const endLeftovers = async (
  runner: BorgRunner,
  job: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<number> => {
  const { exitCode, stdout, stderr } = await runCommand(runner, ['sh', '-c', END, 'sh', `${JOB_MARKER}=${job}`], {
    ...options,
    timeoutMillis: END_MILLIS,
  });
  if (exitCode === 0) return Number(stdout);
  const pids = stderr.trim().replaceAll(/\s+/g, ', ');
  throw new JobFailure(
    `Processes of an earlier attempt cannot be ended on ${runner.where} (pid ${pids}). Is a file system hanging there?`,
  );
};
