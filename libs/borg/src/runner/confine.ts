import { isSshError } from '../ssh/error.ts';
import { readScript } from '../shell/script.ts';
import type { BorgRunner } from './borg-runner.ts';
import { runCommand } from './run-command.ts';

/**
 * An extraction in a mount namespace of its own, in which nothing but the folder that it extracts to can be written: whatever
 * paths and links an archive has, they lead nowhere else. See docs/decisions/0021-an-archive-is-hostile-text.md.
 */
export interface Confinement {
  /** Further folders that borg has to write: the repository, where it is on the host that borg runs on. */
  readonly writable: readonly string[];
}

const CONFINE = readScript(new URL('./confine.sh', import.meta.url));
const PROBE = readScript(new URL('./probe-confinement.sh', import.meta.url));

/** The words before a command that confine it; nothing without a confinement. */
export const confiningWords = (confinement: Confinement | undefined): readonly string[] =>
  confinement ? ['unshare', '--mount', 'sh', '-c', CONFINE, 'sh'] : [];

/** The environment that `confine.sh` needs, beside the folder of the script. */
export const confiningEnv = (confinement: Confinement | undefined): Readonly<Record<string, string>> =>
  confinement ? { CYBORGBACKUP_WRITABLE: confinement.writable.join('\n') } : {};

const PROBE_MILLIS = 60_000;

/**
 * Whether commands of a runner can be confined.
 * @returns why not; empty when they can
 */
export const probeConfinement = async (runner: BorgRunner, signal?: AbortSignal): Promise<string> => {
  const argv = ['sh', '-c', PROBE, 'sh', CONFINE];
  try {
    const options = { timeoutMillis: PROBE_MILLIS, ...(signal ? { signal } : {}) };
    const { exitCode, stderr } = await runCommand(runner, argv, options);
    return exitCode === 0 ? '' : stderr.trim().slice(0, 300) || `a trial ended with status ${exitCode ?? 'none'}`;
  } catch (error) {
    // A mount that hangs makes the trial hang too.
    if (isSshError(error) && error.kind === 'timeout') return error.message;
    throw error;
  }
};
