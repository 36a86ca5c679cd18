import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@cyborgbackup/kernel';
import { startTestSshd, type TestSshd, type TestSshdOptions } from '@cyborgbackup/testkit';
import type { HostKey, HostKeyPins } from '../ssh/host-key.ts';
import { generateKeyPair, type SshKeyPair } from '../ssh/key.ts';
import { connectSsh, type SshOptions, type SshSession } from '../ssh/session.ts';

export const logger = createLogger('test', 'silent');

/** Pins in memory. */
export const createPins = (): HostKeyPins & { keys: Map<string, HostKey[]> } => {
  const keys = new Map<string, HostKey[]>();
  return {
    keys,
    known: (host, port) => Promise.resolve(keys.get(`${host}:${port}`) ?? []),
    record: (host, port, key) => {
      keys.set(`${host}:${port}`, [key]);
      return Promise.resolve();
    },
  };
};

export interface TestHost extends AsyncDisposable {
  readonly key: SshKeyPair;
  readonly sshd: TestSshd;
  readonly pins: ReturnType<typeof createPins>;
  /** Logs in with the host's own key by default. Sessions are closed at the end. */
  connect(options?: Partial<SshOptions>): Promise<SshSession>;
}

/** A real sshd with a key and pins to log in. */
export const createTestHost = async (options: Partial<TestSshdOptions> = {}, key?: SshKeyPair): Promise<TestHost> => {
  const pair = key ?? (await generateKeyPair({ type: 'ed25519', comment: 'test' }));
  const sshd = await startTestSshd({ authorizedKeys: [pair.publicKey], ...options });
  const pins = createPins();
  const sessions: SshSession[] = [];
  return {
    key: pair,
    sshd,
    pins,
    connect: async (more = {}) => {
      const { host, port, user } = sshd;
      const session = await connectSsh({
        host,
        port,
        user,
        privateKey: pair.privateKey,
        hostKeys: pins,
        logger,
        ...more,
      });
      sessions.push(session);
      return session;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sessions.map((session) => session.close()));
      await sshd.stop();
    },
  };
};

/** A folder that is gone at the end. */
export const createTestDir = async (): Promise<{ path: string } & AsyncDisposable> => {
  const path = await mkdtemp(join(tmpdir(), 'borg-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
};

/** Waits until something is so; fails after ten seconds. */
export const until = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Not within ten seconds: ${what}`);
    await sleep(20);
  }
};

/** False once the process is gone or only waits to be reaped. */
export const readIfPresent = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** Pids of processes whose environment or command line holds a text. */
export const processesWith = (file: 'environ' | 'cmdline', text: string): string[] =>
  readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && readIfPresent(`/proc/${pid}/${file}`).includes(text));

export const isRunning = async (pid: number): Promise<boolean> => {
  if (!existsSync(`/proc/${pid}`)) return false;
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) [ZX]/.test(state);
};
