import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { delay } from '@cyborgbackup/kernel';

export const PROJECT = fileURLToPath(new URL('../../../../../', import.meta.url));

/** One service in a process of its own, as `node services/NAME` starts it. */
export interface ServiceProcess extends AsyncDisposable {
  readonly name: string;
  /** Ends it without a chance to clean up, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again and waits until it is ready. */
  start(): Promise<void>;
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** Five services that start at once with a cold compile cache need some 15 s of CPU; other work may have the machine too. */
const READY_MILLIS = 90_000;

const isReady = async (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    ({ status }) => status === 200,
    () => false,
  );

/** Runs the role `prepare` to its end, as the compose file does before it starts the services. */
export const prepare = async (environment: Readonly<Record<string, string>>): Promise<void> => {
  const env = { ...process.env, ...environment };
  await promisify(execFile)(process.execPath, ['services/prepare'], { cwd: PROJECT, env, timeout: READY_MILLIS });
};

export const serviceProcess = (
  name: string,
  environment: Readonly<Record<string, string>>,
  readyUrl: string,
): ServiceProcess => {
  let child: ChildProcess | undefined;
  let log = '';

  const start = async (): Promise<void> => {
    const started = spawn(process.execPath, [`services/${name}`], {
      cwd: PROJECT,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    started.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-20_000)));
    child = started;
    const deadline = Date.now() + READY_MILLIS;
    while (!(await isReady(readyUrl))) {
      if (started.exitCode !== null || Date.now() > deadline) throw new Error(`${name} did not get ready:\n${log}`);
      await delay(50);
    }
  };

  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child === undefined) return null;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  };

  return {
    name,
    start,
    kill: async () => {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL');
    },
  };
};
