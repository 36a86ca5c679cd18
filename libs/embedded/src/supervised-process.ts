import { delay, messageOf } from '@cyborgbackup/kernel';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { stopLeftovers } from './leftovers.ts';
import { spawnServer, untilReady, type ServerPlan } from './spawn-server.ts';

/*
 * One server as a child process.
 *
 *   starting --ready line--> running --exit--> waiting --back-off over--> starting
 *
 * The first start either succeeds or throws. After it, whatever ends the child (a crash, the OOM killer, an
 * administrator) leads through `waiting` back to `starting`, for ever, on the same port, so that clients reconnect.
 * stop() ends any of the three states. The kernel gives the child its stop signal when we die, however we die.
 */

export interface SupervisedProcess {
  /** Ends the server for good; with `SIGKILL`, as a power cut would. Resolves when no process of it is left. */
  readonly stop: (signal?: 'SIGKILL') => Promise<void>;
}

const STEADY_MILLIS = 30_000;
const BACK_OFF = { firstMillis: 250, longestMillis: 10_000 };

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

const untilEnded = async (child: ChildProcess): Promise<void> => {
  if (!hasEnded(child)) await once(child, 'exit');
};

/**
 * Starts the server, after ending what an earlier one left over, and keeps it running until `stop`.
 * @throws Error with the server's last lines when the first start fails
 */
export const superviseProcess = async (plan: ServerPlan): Promise<SupervisedProcess> => {
  const stopping = new AbortController();
  let child: ChildProcess;

  const start = async (): Promise<void> => {
    await stopLeftovers(plan);
    if (stopping.signal.aborted) return;
    child = spawnServer(plan);
    await untilReady(plan, child);
  };

  const startAgain = async (failures: number): Promise<number> => {
    const wait = Math.min(BACK_OFF.firstMillis * 2 ** failures, BACK_OFF.longestMillis);
    plan.logger.error({ server: plan.name, wait }, `${plan.name} ended unexpectedly; it is started again`);
    await delay(wait, stopping.signal);
    try {
      await start();
    } catch (error) {
      if (!stopping.signal.aborted) plan.logger.error({ server: plan.name }, messageOf(error));
    }
    return failures + 1;
  };

  const keepRunning = async (): Promise<void> => {
    let failures = 0;
    for (;;) {
      const since = Date.now();
      await untilEnded(child);
      if (stopping.signal.aborted) return;
      if (Date.now() - since > STEADY_MILLIS) failures = 0;
      failures = await startAgain(failures);
    }
  };

  await start();
  const running = keepRunning();
  return {
    stop: async (signal) => {
      stopping.abort();
      const [gentle] = plan.signals;
      if (!hasEnded(child)) {
        child.kill(signal ?? gentle.signal);
        await once(child, 'exit', { signal: AbortSignal.timeout(gentle.millis) }).catch(() => undefined);
      }
      await stopLeftovers(plan);
      await running;
    },
  };
};
