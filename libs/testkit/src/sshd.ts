import { freePort } from '@cyborgbackup/embedded';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface TestSshdOptions {
  /** Lines of the authorized_keys file. */
  readonly authorizedKeys: readonly string[];
  /** For keys, configuration and log. Default: a new temporary folder, removed at the end. */
  readonly dir?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Allow nothing but `borg serve` below this folder, as a hardened repository host does. */
  readonly borgRestrict?: string;
  /** Of sessions, besides PATH, which is ours, and HOME, which is the server's folder: nothing of the account's own is used. */
  readonly environment?: Readonly<Record<string, string>>;
  /** More lines of sshd_config, for example `AllowAgentForwarding no`. */
  readonly config?: readonly string[];
}

export interface TestSshd extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The account we run as, the only one that can log in. */
  readonly user: string;
  readonly dir: string;
  /** The current host key (ed25519). */
  readonly hostKey: { readonly fingerprint: string; readonly publicKeyLine: string };
  /** Replaces the host key, as a reinstalled host has done, and restarts. */
  rotateHostKey(): Promise<void>;
  /** What sshd wrote so far. */
  log(): string;
  /** Ends the server and all its connections. Idempotent. */
  stop(): Promise<void>;
}

const SSHD = '/usr/sbin/sshd';
const READY_MILLIS = 10_000;
const run = promisify(execFile);

const createHostKey = async (file: string): Promise<TestSshd['hostKey']> => {
  await Promise.all([rm(file, { force: true }), rm(`${file}.pub`, { force: true })]);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
  const { stdout } = await run('ssh-keygen', ['-l', '-f', `${file}.pub`]);
  const [, fingerprint = ''] = stdout.split(' ');
  return { fingerprint, publicKeyLine: (await readFile(`${file}.pub`, 'utf8')).trim() };
};

/** OpenSSH 9.8 and later keep away addresses with failed logins, of which tests have many. */
const penaltyLines = async (): Promise<string[]> => {
  const { stderr } = await run('ssh', ['-V']);
  const [, major = '0', minor = '0'] = /OpenSSH_(\d+)\.(\d+)/.exec(stderr) ?? [];
  return Number(major) * 100 + Number(minor) >= 908 ? ['PerSourcePenalties no'] : [];
};

const environmentLine = (dir: string, environment: TestSshdOptions['environment']): string =>
  `SetEnv ${Object.entries({ PATH: process.env['PATH'] ?? '', HOME: dir, ...environment })
    .map(([name, value]) => `"${name}=${value}"`)
    .join(' ')}`;

const configOf = (dir: string, port: number, more: readonly string[]): string =>
  [
    // The first value of an option counts, so the caller's lines come first.
    ...more,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${dir}/host_key`,
    `AuthorizedKeysFile ${dir}/.ssh/authorized_keys`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'AllowAgentForwarding yes',
    'X11Forwarding no',
    'PrintMotd no',
    'UseDNS no',
    'MaxStartups 100',
    'Subsystem sftp internal-sftp',
    '',
  ].join('\n');

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const keyLines = ({ authorizedKeys, borgRestrict }: TestSshdOptions): string => {
  const forced = borgRestrict && `borg serve --restrict-to-path ${quoted(borgRestrict)}`;
  const prefix = forced ? `restrict,command="${forced.replaceAll('"', '\\"')}" ` : '';
  return authorizedKeys.map((line) => `${prefix}${line}\n`).join('');
};

/** Another test took the port in the meantime. */
class PortTaken extends Error {}

/** Resolves when the server says that it listens. */
const untilListening = async (child: ChildProcess): Promise<void> => {
  const signal = AbortSignal.timeout(READY_MILLIS);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (): void => {
      reject(said.includes('already in use') ? new PortTaken() : new Error(`sshd did not start: ${said}`));
    };
    child.stderr?.on('data', (text: string) => {
      said += text;
      if (said.includes('Server listening on 127.0.0.1')) resolve();
    });
    child.once('exit', fail);
    signal.addEventListener('abort', fail, { once: true });
  });
};

/** The processes that serve connections: sshd gives each a session of its own, so they would outlive the listener. */
const childrenOf = async (parent: number): Promise<number[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => new RegExp(`\\) \\S ${parent} `).test(parents[index] ?? ''));
};

const stopProcess = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, 'exit');
  const serving = await childrenOf(child.pid);
  child.kill('SIGTERM');
  await exit;
  for (const pid of serving) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // it has ended by itself
    }
  }
};

/** A private sshd on loopback, run as the current user, with its own keys. Needs Debian's openssh-server. */
export const startTestSshd = async (options: TestSshdOptions): Promise<TestSshd> => {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'sshd-')));
  await mkdir(join(dir, '.ssh'), { recursive: true, mode: 0o700 });
  // Where root's sshd confines its unprivileged half; missing where no sshd was ever started.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  let hostKey = await createHostKey(join(dir, 'host_key'));
  await writeFile(join(dir, '.ssh', 'authorized_keys'), keyLines(options), { mode: 0o600 });
  const more = [...(options.config ?? []), ...(await penaltyLines()), environmentLine(dir, options.environment)];

  let log = '';
  const startAt = async (port: number): Promise<{ readonly child: ChildProcess; readonly port: number }> => {
    await writeFile(join(dir, 'sshd_config'), configOf(dir, port, more));
    const child = spawn(SSHD, ['-D', '-e', '-f', join(dir, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-64 * 1024);
    });
    try {
      await untilListening(child);
      return { child, port };
    } catch (error) {
      await stopProcess(child);
      if (error instanceof PortTaken && options.port === undefined) return startAt(await freePort());
      throw error;
    }
  };
  const removeDir = async (): Promise<void> => {
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  };
  let server = await startAt(options.port ?? (await freePort())).catch(async (error: unknown) => {
    await removeDir();
    throw error;
  });

  const stop = async (): Promise<void> => {
    await stopProcess(server.child);
    await removeDir();
  };
  return {
    host: '127.0.0.1',
    port: server.port,
    user: userInfo().username,
    dir,
    get hostKey() {
      return hostKey;
    },
    rotateHostKey: async () => {
      await stopProcess(server.child);
      hostKey = await createHostKey(join(dir, 'host_key'));
      server = await startAt(server.port);
    },
    log: () => log,
    stop,
    [Symbol.asyncDispose]: stop,
  };
};
