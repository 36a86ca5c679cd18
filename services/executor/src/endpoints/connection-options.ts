import type { HostKeyPins } from '@cyborgbackup/borg';
import { delay } from '@cyborgbackup/kernel';
import type { ServiceDeps } from '@cyborgbackup/service';
import type { JobContext } from '../job/job-context.ts';

export interface ConnectionOptions {
  readonly deps: ServiceDeps;
  readonly hostKeys: HostKeyPins;
  readonly connectTimeoutMillis: number;
  readonly signal: AbortSignal;
  /** Uuid of the job, which marks all processes that run for it (see job-processes.ts). */
  readonly job?: string | undefined;
  /** As in a job's context: to be awaited before a process of the job is ended. */
  readonly assertOwnership?: JobContext['assertOwnership'] | undefined;
  /** Adds a sentence to the job's output. */
  readonly warn?: ((text: string) => void) | undefined;
}

/** The connections of a job's step. */
export const connectionsOf = (context: JobContext): ConnectionOptions => ({
  deps: context.deps,
  hostKeys: context.hostKeys,
  connectTimeoutMillis: context.connectTimeoutMillis,
  signal: context.signal,
  job: context.plan.job.uuid,
  assertOwnership: (signal) => context.assertOwnership(signal),
  warn: (text) => context.output.write('system_warning', text),
});

const LINGER_MILLIS = 20_000;

/** Connections that stay open for a while after the job was stopped, in which its processes are ended and its files removed. */
export const lingeringConnectionsOf = (context: JobContext): ConnectionOptions => {
  const closing = new AbortController();
  const linger = async (): Promise<void> => {
    await delay(LINGER_MILLIS);
    closing.abort();
  };
  context.signal.addEventListener('abort', () => void linger(), { once: true });
  return { ...connectionsOf(context), signal: closing.signal };
};
