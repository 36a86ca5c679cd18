import type { DumpSource } from './backup-source.ts';

/**
 * The command comes by standard input, so that neither a process list nor the archive's record of borg's arguments shows it.
 * A part of a pipeline that fails counts, which plain sh cannot see.
 */
const SCRIPT = `
command -v bash >/dev/null || {
  echo 'bash is not installed on this host; it is needed to see when a part of a pipeline fails.' >&2
  exit 127
}
exec bash -o pipefail -c 'command=$(cat); exec </dev/null; eval "$command"'`.trim();

/** The output of a command, with what it says as standard input being empty. */
export const pipedDump = (command: string): DumpSource => ({
  kind: 'dump',
  name: 'stdin',
  argv: ['sh', '-c', SCRIPT],
  input: command,
});
