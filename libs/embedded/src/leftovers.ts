import { delay, type Logger } from '@cyborgbackup/kernel';
import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename } from 'node:path';

/** The text, or none for a process that has ended meanwhile or belongs to another user: it is not one of ours. */
const orEmpty = (text: Promise<string>): Promise<string> => text.catch(() => '');

const filterProcesses = async (
  pids: readonly number[],
  isWanted: (pid: number) => Promise<boolean>,
): Promise<number[]> => {
  const wanted = await Promise.all(pids.map(isWanted));
  return pids.filter((_, index) => wanted[index]);
};

/** Ids of the processes that run `executable` (a file name) with `directory` as their working directory. */
export const processesIn = async (directory: string, executable: string): Promise<number[]> => {
  const real = await realpath(directory);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return filterProcesses(pids, async (pid) => {
    if ((await orEmpty(readlink(`/proc/${pid}/cwd`))) !== real) return false;
    // An upgrade may have replaced the file under a running server.
    return basename(await orEmpty(readlink(`/proc/${pid}/exe`))).replace(/ \(deleted\)$/, '') === executable;
  });
};

/**
 * False for PostgreSQL's workers, which rename themselves. They end by themselves once their server is gone, and a gentle
 * signal would mean something else to them: the checkpointer would write that the shutdown was clean.
 */
const isServer = async (pid: number): Promise<boolean> =>
  !(await orEmpty(readFile(`/proc/${pid}/cmdline`, 'utf8'))).startsWith('postgres: ');

const sendSignal = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone.
  }
};

interface StopSignal {
  readonly signal: NodeJS.Signals;
  /** How long it is given to work. */
  readonly millis: number;
}

/** A server as `stopLeftovers` knows it. */
export interface StoppableServer {
  /** File name of the executable; also its name in log lines and errors. */
  readonly name: string;
  /** Its working directory. */
  readonly directory: string;
  /** How it is ended: gently first. */
  readonly signals: readonly [StopSignal, ...StopSignal[]];
  readonly logger: Logger;
}

const POLL_MILLIS = 20;

/**
 * Ends the servers that a killed parent left in a folder which this process has claimed, and waits until they are gone.
 * A process is known by its working directory and its executable, never by a stored id that may have been given out again.
 * @throws Error when they outlive the last signal
 */
export const stopLeftovers = async ({ directory, name, signals, logger }: StoppableServer): Promise<void> => {
  for (const step of signals) {
    const found = await processesIn(directory, name);
    if (found.length === 0) return;
    const targets = step === signals[0] ? await filterProcesses(found, isServer) : found;
    if (targets.length > 0)
      logger.warn({ pids: targets, ...step, directory }, `a ${name} was left over and is stopped`);
    for (const pid of targets) sendSignal(pid, step.signal);
    const deadline = Date.now() + step.millis;
    while (Date.now() < deadline && (await processesIn(directory, name)).length > 0) await delay(POLL_MILLIS);
  }
  const left = await processesIn(directory, name);
  if (left.length > 0) throw new Error(`${name} (process ${left.join(', ')}) in ${directory} cannot be stopped`);
};
