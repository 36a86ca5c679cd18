import { type Logger } from '@cyborgbackup/kernel';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { StopSignals } from './leftovers.ts';
import type { Identity } from './server-identity.ts';

/** What to run, where, and as whom. */
export interface ServerPlan {
  /** File name of the executable; also its name in log lines and errors. */
  readonly name: string;
  /** Absolute path of the executable. */
  readonly path: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Working directory, entered before the identity is taken on. Servers name their files relative to it, which works
   * even below a folder that the identity may not pass, such as /root.
   */
  readonly directory: string;
  readonly identity: Identity | undefined;
  /** Tells the line on standard error that means "accepting connections". */
  readonly isReady: (line: string) => boolean;
  readonly signals: StopSignals;
  readonly logger: Logger;
}

const READY_MILLIS = 60_000;
const TAIL_LINES = 20;

/** The command that makes the kernel signal the server when our thread ends. `setpriv` is in every Linux's util-linux. */
const dyingWithUs = ({ path, args, signals }: ServerPlan): readonly [string, readonly string[]] => {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((candidate) => existsSync(candidate));
  if (setpriv === undefined) return [path, args];
  return [setpriv, ['--pdeathsig', signals[0].signal.slice('SIG'.length), '--', path, ...args]];
};

export const spawnServer = (plan: ServerPlan): ChildProcess => {
  const [command, args] = dyingWithUs(plan);
  return spawn(command, args, {
    cwd: plan.directory,
    // Nothing of our own environment: it holds the master key and database passwords.
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', ...plan.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    // Ctrl-C is for everybody in the terminal's group, but we end our work with the servers first, and then them.
    detached: true,
    ...plan.identity,
  });
};

/**
 * Resolves once the child says it is ready.
 * @throws Error with its last lines when it ends first, or says nothing for a minute (it is killed then)
 */
export const untilReady = (plan: ServerPlan, child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    const tail: string[] = [];
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error([`${plan.name} ${why}`, ...tail].join('\n  ')));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`was not ready within ${READY_MILLIS / 1000} s`);
    }, READY_MILLIS);
    child.once('error', (error) => {
      fail(`cannot be run: ${error.message}`);
    });
    child.once('close', (code, signal) => {
      fail(`ended before it was ready (${signal ?? `exit code ${code ?? 'unknown'}`})`);
    });
    if (!child.stderr) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      plan.logger.debug({ server: plan.name }, line);
      if (tail.push(line) > TAIL_LINES) tail.shift();
      if (!plan.isReady(line)) return;
      clearTimeout(timer);
      resolve();
    });
  });
