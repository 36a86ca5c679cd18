import { delay, type Logger } from '@cyborgbackup/kernel';
import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename } from 'node:path';

const linkOf = async (pid: string, name: 'cwd' | 'exe'): Promise<string> => {
  try {
    return await readlink(`/proc/${pid}/${name}`);
  } catch {
    return ''; // It ended meanwhile, or belongs to somebody else: not one of ours.
  }
};

const isServerOf = async (pid: string, directory: string, executable: string): Promise<boolean> => {
  if ((await linkOf(pid, 'cwd')) !== directory) return false;
  // An upgrade may have replaced the file under a running server.
  return basename((await linkOf(pid, 'exe')).replace(/ \(deleted\)$/, '')) === executable;
};

/** Ids of the processes that run `executable` (a file name) with `directory` as their working directory. */
export const processesIn = async (directory: string, executable: string): Promise<number[]> => {
  const real = await realpath(directory);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const ours = await Promise.all(pids.map((pid) => isServerOf(pid, real, executable)));
  return pids.filter((_, index) => ours[index]).map(Number);
};

/**
 * PostgreSQL's workers rename themselves. They end by themselves once their server is gone, and a gentle signal would
 * mean something else to them: the checkpointer would write that the shutdown was clean.
 */
const isWorker = async (pid: number): Promise<boolean> => {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.startsWith('postgres: ');
};

const withoutWorkers = async (pids: readonly number[]): Promise<number[]> => {
  const workers = await Promise.all(pids.map(isWorker));
  return pids.filter((_, index) => !workers[index]);
};

const signalAll = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Already gone.
    }
  }
};

interface StopSignal {
  readonly signal: NodeJS.Signals;
  /** How long it is given to work. */
  readonly millis: number;
}

/** How a server is ended: gently first. */
export type StopSignals = readonly [StopSignal, ...StopSignal[]];

/** Which server to look for. */
export interface Leftovers {
  readonly directory: string;
  /** File name of its executable. */
  readonly name: string;
  readonly signals: StopSignals;
  readonly logger: Logger;
}

const POLL_MILLIS = 20;

/**
 * Ends the servers that a killed parent left in a folder which this process has claimed, and waits until they are gone.
 * A process is known by its working directory and its executable, never by a stored id that may have been given out again.
 * @throws Error when they outlive the last signal
 */
export const stopLeftovers = async ({ directory, name, signals, logger }: Leftovers): Promise<void> => {
  const [gentle] = signals;
  for (const step of signals) {
    const found = await processesIn(directory, name);
    if (found.length === 0) return;
    const targets = step === gentle ? await withoutWorkers(found) : found;
    if (targets.length > 0)
      logger.warn({ pids: targets, ...step, directory }, `a ${name} was left over and is stopped`);
    signalAll(targets, step.signal);
    const deadline = Date.now() + step.millis;
    while (Date.now() < deadline && (await processesIn(directory, name)).length > 0) await delay(POLL_MILLIS);
  }
  const left = await processesIn(directory, name);
  if (left.length > 0) throw new Error(`${name} (process ${left.join(', ')}) in ${directory} cannot be stopped`);
};
