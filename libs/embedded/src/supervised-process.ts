import { delay, messageOf } from '@cyborgbackup/kernel';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type StoppableServer, stopLeftovers } from './leftovers.ts';
import type { Identity } from './server-identity.ts';

/*
 * One server as a child process.
 *
 *   starting --ready line--> running --exit--> waiting --back-off over--> starting
 *
 * The first start either succeeds or throws. After it, any end of the child (a crash, the OOM killer, an
 * administrator) leads through `waiting` back to `starting`, for ever, on the same port, so that clients reconnect.
 * stop() ends any of the three states. The kernel gives the child its stop signal when we die, however we die.
 */

/**
 * What to run, and as which user. The working directory is entered before the identity is taken on. Servers name their files
 * relative to it, which works even below a folder that the identity may not pass, such as /root.
 */
export interface ServerPlan extends StoppableServer {
  /** Absolute path of the executable. */
  readonly path: string;
  readonly args: readonly string[];
  /**
   * Names of files in the working directory by which the server would refuse to start as long as the process in them lives. What
   * it was killed with stays there, and by now another process may have that id: after a restart of the machine, or in a copy.
   */
  readonly lockFiles: readonly string[];
  readonly identity: Identity | undefined;
  /** Tells the line on standard error that means "accepting connections". */
  readonly isReady: (line: string) => boolean;
}

const READY_MILLIS = 60_000;
const TAIL_LINES = 20;

/** The command that makes the kernel signal the server when our thread ends. `setpriv` is in every Linux's util-linux. */
const withDeathSignal = ({ path, args, signals }: ServerPlan): readonly [string, readonly string[]] => {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((candidate) => existsSync(candidate));
  if (setpriv === undefined) return [path, args];
  return [setpriv, ['--pdeathsig', signals[0].signal.slice('SIG'.length), '--', path, ...args]];
};

const spawnServer = (plan: ServerPlan): ChildProcess => {
  const [command, args] = withDeathSignal(plan);
  return spawn(command, args, {
    cwd: plan.directory,
    // Nothing of our own environment: it holds the master key and database passwords.
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe'],
    // Ctrl-C reaches every process in the terminal's group, but we end our work with the servers first, and then them.
    detached: true,
    ...plan.identity,
  });
};

/**
 * Resolves once the child says it is ready.
 * @throws Error with its last lines when it ends first, or says nothing for a minute (it is killed then)
 */
const untilReady = (plan: ServerPlan, child: ChildProcess): Promise<void> =>
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
    child.once('error', (error) => fail(`cannot be run: ${error.message}`));
    child.once('close', (code, signal) =>
      fail(`ended before it was ready (${signal ?? `exit code ${code ?? 'unknown'}`})`),
    );
    if (!child.stderr) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      plan.logger.debug({ server: plan.name }, line);
      if (tail.push(line) > TAIL_LINES) tail.shift();
      if (!plan.isReady(line)) return;
      clearTimeout(timer);
      resolve();
    });
  });

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

const STEADY_MILLIS = 30_000;
const BACK_OFF = { firstMillis: 250, longestMillis: 10_000 };

/**
 * Starts the server, after ending what an earlier one left over, and keeps it running until `stop`.
 * @returns `stop`: ends the server for good; with `SIGKILL`, as a power cut would. Resolves when no process of it is left.
 * @throws Error with the server's last lines when the first start fails
 */
export const superviseProcess = async (plan: ServerPlan): Promise<(signal?: 'SIGKILL') => Promise<void>> => {
  const { name, logger } = plan;
  const stopping = new AbortController();
  let child: ChildProcess;

  const start = async (): Promise<void> => {
    await stopLeftovers(plan);
    for (const file of plan.lockFiles) await rm(join(plan.directory, file), { force: true });
    if (stopping.signal.aborted) return;
    child = spawnServer(plan);
    await untilReady(plan, child);
  };

  const keepRunning = async (): Promise<void> => {
    for (let failures = 0; ; failures += 1) {
      const since = Date.now();
      if (!hasEnded(child)) await once(child, 'exit');
      if (stopping.signal.aborted) return;
      if (Date.now() - since > STEADY_MILLIS) failures = 0;
      const wait = Math.min(BACK_OFF.firstMillis * 2 ** failures, BACK_OFF.longestMillis);
      logger.error({ server: name, wait }, `${name} ended unexpectedly; it is started again`);
      await delay(wait, stopping.signal);
      await start().catch((error: unknown) => {
        if (!stopping.signal.aborted) logger.error({ server: name }, messageOf(error));
      });
    }
  };

  await start();
  const running = keepRunning();
  return async (signal) => {
    stopping.abort();
    const [gentle] = plan.signals;
    if (!hasEnded(child)) {
      child.kill(signal ?? gentle.signal);
      await once(child, 'exit', { signal: AbortSignal.timeout(gentle.millis) }).catch(() => undefined);
    }
    await stopLeftovers(plan);
    await running;
  };
};
