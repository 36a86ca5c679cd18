import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** The product, running as its users run it: a process of its own. */
export interface ProductProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
}

const READY = /^CyBorgBackup ready at (http:\/\/\S+)$/;
const READY_MILLIS = 60_000;

/** @throws Error naming the log file when it does not get ready within a minute */
export const startProduct = async (options: {
  readonly entry: string;
  readonly logFile: string;
  readonly environment: Readonly<Record<string, string>>;
}): Promise<ProductProcess> => {
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  const child = spawn(process.execPath, [options.entry], {
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr.pipe(log);
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
    log.end();
  };
  const timeout = setTimeout(() => child.kill('SIGKILL'), READY_MILLIS);
  for await (const line of createInterface({ input: child.stdout })) {
    const url = READY.exec(line)?.[1];
    if (url === undefined || child.pid === undefined) continue;
    clearTimeout(timeout);
    child.stdout.resume();
    return { url, pid: child.pid, ended: exited, [Symbol.asyncDispose]: stop };
  }
  clearTimeout(timeout);
  await stop();
  throw new Error(`The product did not start; its log is ${options.logFile}.`);
};
