import { runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';
import { byHand, PACKAGE_MANAGERS, type PackageManager, type Program } from './packages.ts';

/** A host that needs programs. */
export interface HostToPrepare {
  /** With root's rights, if the account can have them. */
  readonly runner: BorgRunner;
  /** For messages. */
  readonly name: string;
  /** The account must be root to install anything. */
  readonly isRoot: boolean;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

export interface ProgramsOptions {
  readonly programs: readonly Program[];
  /** Whether the setting allows to install packages. */
  readonly mayInstall: boolean;
  /** Programs to bring up to date when they are there already. */
  readonly upgrade?: readonly Program[];
}

const LOOK = `
managers=$1; shift
for program do command -v "$program" >/dev/null || echo "missing=$program"; done
for manager in $managers; do
  ! command -v "$manager" >/dev/null || { echo "manager=$manager"; break; }
done
:`;

const INSTALL_MILLIS = 15 * 60_000;
const SHOWN_LINES = 5;

interface Seen {
  readonly missing: readonly Program[];
  readonly manager: PackageManager | undefined;
}

const look = async ({ runner, signal }: HostToPrepare, programs: readonly Program[]): Promise<Seen> => {
  const managers = PACKAGE_MANAGERS.map(({ program }) => program).join(' ');
  const { stdout } = await runCommand(runner, ['sh', '-c', LOOK, 'sh', managers, ...programs], { signal });
  const lines = new Set(stdout.split('\n'));
  return {
    missing: programs.filter((program) => lines.has(`missing=${program}`)),
    manager: PACKAGE_MANAGERS.find(({ program }) => lines.has(`manager=${program}`)),
  };
};

const run = async (host: HostToPrepare, argv: readonly string[]): Promise<string | undefined> => {
  const { runner, signal } = host;
  const { exitCode, stdout, stderr } = await runCommand(runner, argv, {
    signal,
    timeoutMillis: INSTALL_MILLIS,
    mayBeCut: true,
  });
  if (exitCode === 0) return undefined;
  const said = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  for (const line of said.slice(-SHOWN_LINES)) host.say(line);
  return said.at(-1) ?? `exit status ${exitCode}`;
};

/** @throws JobFailure with what the package manager said */
const install = async (
  host: HostToPrepare,
  manager: PackageManager,
  programs: readonly Program[],
  how: 'install' | 'upgrade',
): Promise<void> => {
  const packages = programs.map((program) => manager.packages[program]);
  host.say(
    `${how === 'install' ? 'Installing' : 'Upgrading'} ${packages.join(', ')} on ${host.name} with ${manager.program}`,
  );
  // Lists that cannot be fetched may still do.
  if (manager.refresh) await run(host, manager.refresh);
  const problem = await run(host, [...manager[how], ...packages]);
  if (problem === undefined) return;
  throw new JobFailure(
    `${manager.program} could not ${how} ${packages.join(', ')} on ${host.name}: ${problem}. Try "${byHand(manager, programs)}" there.`,
  );
};

const missingFailure = (
  { name, isRoot }: HostToPrepare,
  { missing, manager }: Seen,
  mayInstall: boolean,
): JobFailure => {
  const what = `Not installed on ${name}: ${missing.join(', ')}.`;
  if (!manager) return new JobFailure(`${what} Install it there, and launch again.`);
  const hand = `Run "${byHand(manager, missing)}" there as root`;
  if (!mayInstall) {
    return new JobFailure(`${what} ${hand}, or turn the setting cyborgbackup_install_borg on, and launch again.`);
  }
  const why = isRoot
    ? ''
    : ' It cannot be installed for you: the account is not root there and has no sudo without password.';
  return new JobFailure(`${what}${why} ${hand}, and launch again.`);
};

/** @throws JobFailure when something is missing still */
const installMissing = async (
  host: HostToPrepare,
  seen: Seen,
  { programs, mayInstall }: ProgramsOptions,
): Promise<void> => {
  const { missing, manager } = seen;
  if (missing.length === 0) return;
  if (!manager || !mayInstall || !host.isRoot) throw missingFailure(host, seen, mayInstall);
  await install(host, manager, missing, 'install');
  const after = await look(host, programs);
  if (after.missing.length > 0) throw missingFailure(host, after, false);
};

/**
 * Makes sure that a host has the programs it needs, from its distribution's packages and only where that is allowed.
 * @throws JobFailure that says exactly what is missing and how to get it, SshError
 */
export const ensurePrograms = async (host: HostToPrepare, options: ProgramsOptions): Promise<void> => {
  const { programs, mayInstall, upgrade = [] } = options;
  const seen = await look(host, programs);
  await installMissing(host, seen, options);
  const old = upgrade.filter((program) => !seen.missing.includes(program));
  if (old.length === 0) return;
  if (seen.manager && mayInstall && host.isRoot) return install(host, seen.manager, old, 'upgrade');
  host.say(
    `Not upgraded on ${host.name}: ${old.join(', ')}; that needs the setting cyborgbackup_install_borg and root's rights.`,
  );
};
