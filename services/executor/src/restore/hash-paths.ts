import { runCommand, type BorgRunner, type RunCommandOptions } from '@cyborgbackup/borg';
import { below } from './stat-paths.ts';

/** Goes to the folder `$1` and prints the SHA-256 of each file, or a hyphen for one that cannot be read. */
const SCRIPT = `
cd -- "$1" || exit 3
shift
for program in 'sha256sum' 'shasum -a 256' 'sha256 -q' 'openssl dgst -sha256 -r'; do
  command -v "\${program%% *}" >/dev/null && break
done
for path do
  if [ -f "$path" ] && [ ! -L "$path" ] && hash=$($program <"$path"); then echo "\${hash%% *}"; else echo -; fi
done`.trim();

const MAX_BYTES = 1024 * 1024;
const TIMEOUT_MILLIS = 24 * 60 * 60_000;

/** The SHA-256 (hex) of files below a folder, some hundreds at a time; undefined for what cannot be read. */
export const hashPaths = async (
  runner: BorgRunner,
  folder: string,
  paths: readonly string[],
  options: Pick<RunCommandOptions, 'signal' | 'cleanup'>,
): Promise<readonly (string | undefined)[]> => {
  const argv = ['sh', '-c', SCRIPT, 'sh', folder, ...paths.map(below)];
  const { stdout } = await runCommand(runner, argv, { ...options, timeoutMillis: TIMEOUT_MILLIS, maxBytes: MAX_BYTES });
  const lines = stdout.split('\n');
  return paths.map((_path, index) => (/^[0-9a-f]{64}$/.test(lines[index] ?? '') ? lines[index] : undefined));
};
