import { readScript, runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { mayInstallPrograms } from '../../endpoints/secrets.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { byHand, PACKAGE_MANAGERS, type PackageManager, type Program } from './packages.ts';

/** A host that needs programs. */
interface HostToPrepare {
  /** With root's rights, if the account can have them. */
  readonly runner: BorgRunner;
  /** For messages. */
  readonly name: string;
  /** The account must be root to install anything. */
  readonly isRoot: boolean;
  readonly programs: readonly Program[];
  /** Programs to bring up to date when they are there already. */
  readonly upgrade?: readonly Program[];
}

const FIND_PROGRAMS = readScript(new URL('./find-programs.sh', import.meta.url));
const INSTALL_MILLIS = 15 * 60_000;
const OUTPUT_LINES = 5;

interface FoundPrograms {
  readonly missing: readonly Program[];
  readonly manager: PackageManager | undefined;
}

const findPrograms = async ({ signal }: JobContext, { runner, programs }: HostToPrepare): Promise<FoundPrograms> => {
  const managers = PACKAGE_MANAGERS.map(({ program }) => program).join(' ');
  const { stdout } = await runCommand(runner, ['sh', '-c', FIND_PROGRAMS, 'sh', managers, ...programs], { signal });
  const lines = new Set(stdout.split('\n'));
  return {
    missing: programs.filter((program) => lines.has(`missing=${program}`)),
    manager: PACKAGE_MANAGERS.find(({ program }) => lines.has(`manager=${program}`)),
  };
};

const run = async (
  { output, signal }: JobContext,
  { runner }: HostToPrepare,
  argv: readonly string[],
): Promise<string | undefined> => {
  const { exitCode, stdout, stderr } = await runCommand(runner, argv, {
    signal,
    timeoutMillis: INSTALL_MILLIS,
    mayBeCut: true,
  });
  if (exitCode === 0) return undefined;
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  for (const line of lines.slice(-OUTPUT_LINES)) output.write('verbose', line);
  return lines.at(-1) ?? `exit status ${exitCode}`;
};

/** @throws JobFailure with what the package manager said */
const install = async (
  context: JobContext,
  host: HostToPrepare,
  { manager, how, programs }: { manager: PackageManager; how: 'install' | 'upgrade'; programs: readonly Program[] },
): Promise<void> => {
  const packages = programs.map((program) => manager.packages[program]);
  context.output.write(
    'verbose',
    `${how === 'install' ? 'Installing' : 'Upgrading'} ${packages.join(', ')} on ${host.name} with ${manager.program}`,
  );
  // The packages may be found in older lists, too.
  if (manager.refresh) await run(context, host, manager.refresh);
  const problem = await run(context, host, [...manager[how], ...packages]);
  if (problem === undefined) return;
  throw new JobFailure(
    `${manager.program} could not ${how} ${packages.join(', ')} on ${host.name}: ${problem}. Try "${byHand(manager, programs)}" there.`,
  );
};

const missingFailure = (
  { name, isRoot }: HostToPrepare,
  { missing, manager }: FoundPrograms,
  mayInstall: boolean,
): JobFailure => {
  const what = `Not installed on ${name}: ${missing.join(', ')}.`;
  if (!manager) return new JobFailure(`${what} Install it there, and launch again.`);
  const command = `Run "${byHand(manager, missing)}" there as root`;
  if (!mayInstall) {
    return new JobFailure(`${what} ${command}, or turn the setting cyborgbackup_install_borg on, and launch again.`);
  }
  const why = isRoot
    ? ''
    : ' It cannot be installed for you: the account is not root there and has no sudo without password.';
  return new JobFailure(`${what}${why} ${command}, and launch again.`);
};

/** @throws JobFailure when something is missing still */
const installMissing = async (
  context: JobContext,
  host: HostToPrepare,
  found: FoundPrograms,
  mayInstall: boolean,
): Promise<void> => {
  const { missing, manager } = found;
  if (missing.length === 0) return;
  if (!manager || !mayInstall || !host.isRoot) throw missingFailure(host, found, mayInstall);
  await install(context, host, { manager, how: 'install', programs: missing });
  const after = await findPrograms(context, host);
  if (after.missing.length > 0) throw missingFailure(host, after, false);
};

/**
 * Makes sure that a host has the programs it needs, from its distribution's packages and only where that is allowed.
 * @throws JobFailure that says exactly what is missing and how to get it, SshError
 */
export const ensurePrograms = async (context: JobContext, host: HostToPrepare): Promise<void> => {
  const mayInstall = await mayInstallPrograms(context.deps);
  const found = await findPrograms(context, host);
  await installMissing(context, host, found, mayInstall);
  const old = (host.upgrade ?? []).filter((program) => !found.missing.includes(program));
  if (old.length === 0) return;
  const { manager } = found;
  if (manager && mayInstall && host.isRoot) return install(context, host, { manager, how: 'upgrade', programs: old });
  context.output.write(
    'verbose',
    `Not upgraded on ${host.name}: ${old.join(', ')}; that needs the setting cyborgbackup_install_borg and root's rights.`,
  );
};
