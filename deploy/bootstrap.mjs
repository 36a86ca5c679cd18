#!/usr/bin/env node
/**
 * Makes a fresh clone ready: npm packages and the programs CyBorgBackup drives. There is no build: Node runs the sources.
 * Every npm script runs it first, so it has no dependencies, runs on any Node from 20 on, and says nothing when there is
 * nothing to do.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = resolve(fileURLToPath(new URL('..', import.meta.url)));
const MODULES = join(ROOT, 'node_modules');
const NODE = join(MODULES, '.bin', 'node');

const HELP = `Usage: node deploy/bootstrap.mjs [--demo | --runtime | --lint]

Installs what is missing:
  (default)   all that the tests use: npm packages, nats-server, borg, sshfs, an SSH client and server, MariaDB,
              PostgreSQL, csh, tcsh, fish and shellcheck (servers of the tests' own; those of the system are left off)
  --demo      the same without sshfs, the databases and the shells
  --runtime   also without the SSH server: enough for npm start
  --lint      npm packages and shellcheck: enough for npm run lint and npm run typecheck
  --help      this text

Debian packages are installed when this runs as root or sudo asks for no password; otherwise the command is printed.`;

/** Programs and the Debian packages they are in. */
const RUNTIME_PROGRAMS = { 'nats-server': 'nats-server', borg: 'borgbackup', ssh: 'openssh-client' };
const DEMO_PROGRAMS = { ...RUNTIME_PROGRAMS, 'ssh-keygen': 'openssh-client', sshd: 'openssh-server' };
/** For .ci/check-scripts.mjs. */
const LINT_PROGRAMS = { shellcheck: 'shellcheck' };
const TEST_PROGRAMS = {
  ...DEMO_PROGRAMS,
  ...LINT_PROGRAMS,
  sshfs: 'sshfs',
  mariadbd: 'mariadb-server',
  mariadb: 'mariadb-client',
  // The server itself is in no folder of PATH; this program comes with every version of it.
  pg_ctlcluster: 'postgresql',
  psql: 'postgresql-client',
  // Login shells of clients. The file of the package csh leaves the name itself to tcsh where both are there.
  'bsd-csh': 'csh',
  tcsh: 'tcsh',
  fish: 'fish',
};
/** What those packages would start. */
const SERVICES = {
  'nats-server': 'nats-server',
  'openssh-server': 'ssh',
  'mariadb-server': 'mariadb',
  postgresql: 'postgresql',
};

const say = (text) => process.stderr.write(`${text}\n`);

const succeeds = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** PATH without npm's additions: while packages are installed, the Node in there is not to be relied on. */
const systemPath = () =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith('node_modules/.bin'))
    .join(delimiter);

/** Runs a long command, telling that it is still at work. Resolves to whether it succeeded. */
const runLong = async (what, command, args) => {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  say(`${what} ...`);
  const ticker = setInterval(() => say(`  still at it after ${seconds()} s`), 15_000);
  const env = { ...process.env, PATH: systemPath() };
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], env });
  const code = await new Promise((resolveCode) => {
    child.once('error', (error) => {
      say(`  ${error.message}`);
      resolveCode(127);
    });
    child.once('exit', resolveCode);
  });
  clearInterval(ticker);
  if (code === 0) say(`  done in ${seconds()} s`);
  return code === 0;
};

const lockedPackages = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return {};
  }
};

/**
 * npm writes what it has installed when it is done. Optional packages are those of other machines. Node itself has to run:
 * the folder may come from another kind of machine.
 */
const packagesAreThere = () => {
  const wanted = Object.entries(lockedPackages(join(ROOT, 'package-lock.json')));
  const installed = lockedPackages(join(MODULES, '.package-lock.json'));
  const isThere = ([path, { version, link, optional }]) =>
    !path.includes('node_modules/') || optional || (link ? path in installed : installed[path]?.version === version);
  return wanted.every(isThere) && succeeds(NODE, ['--version']);
};

const installPackages = async () => {
  if (packagesAreThere()) return;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!(await runLong('Installing npm packages (a minute or so)', 'npm', args))) {
    throw new Error('npm ci failed; its message is above. Is the npm registry reachable?');
  }
  if (!succeeds(NODE, ['--version'])) {
    throw new Error(`${NODE} does not run; allow the install script of the npm package "node" and run npm ci again.`);
  }
};

const isInstalled = (program) =>
  [...systemPath().split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
    .filter((folder) => folder !== '')
    .some((folder) => {
      try {
        accessSync(join(folder, program), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/** How to run a command as root; undefined when we may not. */
const asRoot = () => {
  if (process.getuid?.() === 0) return [];
  return succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined;
};

/** Debian starts what it installs. We run servers of our own, so the ones that came along must not listen. */
const silenceServices = (prefix, packages) => {
  const units = packages.flatMap((name) => SERVICES[name] ?? []);
  if (units.length === 0 || !existsSync('/run/systemd/system')) return;
  const [command, ...args] = [...prefix, 'systemctl', 'disable', '--now', '--quiet', ...units];
  if (succeeds(command, args)) say(`  left the system services off: ${units.join(', ')}`);
};

const aptInstall = async (prefix, packages) => {
  const apt = (what, ...args) => {
    const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args];
    return runLong(what, command, rest);
  };
  const install = () =>
    apt(
      `Installing ${packages.join(', ')}`,
      '-o=Dpkg::Use-Pty=0',
      'install',
      '-y',
      '--no-install-recommends',
      ...packages,
    );
  // Package lists that were never fetched know nothing; stale ones name files that are gone.
  const listsAreThere = succeeds('apt-cache', ['show', ...packages]);
  if (listsAreThere && (await install())) return true;
  return (await apt('Fetching package lists', 'update')) && (await install());
};

const installPrograms = async (programs) => {
  const missing = Object.keys(programs).filter((program) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => programs[program]))];
  const byHand = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!isInstalled('apt-get')) {
    throw new Error(`Not installed: ${missing.join(', ')}. Install them with your system's package manager.`);
  }
  const prefix = asRoot();
  if (prefix === undefined) throw new Error(`Not installed: ${missing.join(', ')}. As root, run:\n  ${byHand}`);
  if (!(await aptInstall(prefix, packages))) throw new Error(`Installing failed. As root, run:\n  ${byHand}`);
  silenceServices(prefix, packages);
};

const main = async () => {
  const { values } = parseArgs({
    options: {
      demo: { type: 'boolean' },
      runtime: { type: 'boolean' },
      lint: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  await installPackages();
  const { lint, runtime, demo } = values;
  await installPrograms(lint ? LINT_PROGRAMS : runtime ? RUNTIME_PROGRAMS : demo ? DEMO_PROGRAMS : TEST_PROGRAMS);
};

try {
  if (Number(process.versions.node.split('.')[0]) < 20) throw new Error('Node 20 or newer is needed to start.');
  await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
