import type { HostKeyPins } from '@cyborgbackup/borg';
import { delay } from '@cyborgbackup/kernel';
import type { JobOutput } from '../output/job-output.ts';
import type { WorkDeps } from './executor-deps.ts';
import type { JobPlan } from './job-plan.ts';

/** What connections to clients and repositories need. */
export interface ConnectionDeps {
  readonly deps: WorkDeps;
  readonly hostKeys: HostKeyPins;
  readonly connectTimeoutMillis: number;
}

export interface ConnectionOptions extends ConnectionDeps {
  /** Fires when the job is canceled, taken over, or the executor must stop. */
  readonly signal: AbortSignal;
  /** Uuid of the job, which marks all processes that run for it (see endpoints/job-processes.ts). */
  readonly job?: string;
  /**
   * Resolves when the log says that the job still belongs to this attempt; to be awaited before anything is started or removed.
   * @throws JobStopped when it does not, or when the signal aborts before the log could be read
   */
  readonly assertOwnership?: (signal: AbortSignal) => Promise<void>;
  /** Adds a sentence to the job's output. */
  readonly warn?: (text: string) => void;
}

/** What a step of a job works with. */
export interface JobContext extends Required<ConnectionOptions> {
  readonly plan: JobPlan;
  /** 1 for the first; later ones may find what a lost attempt left behind. */
  readonly attempt: number;
  readonly output: JobOutput;
  /** How long borg, a dump or a hook may be silent. */
  readonly idleTimeoutMillis: number;
}

const LINGER_MILLIS = 20_000;

/** For connections that stay open for a while after the job was stopped, in which its processes are ended and its files removed. */
export const lingeringConnections = (context: JobContext): ConnectionOptions => {
  const closing = new AbortController();
  const linger = async (): Promise<void> => {
    await delay(LINGER_MILLIS);
    closing.abort();
  };
  context.signal.addEventListener('abort', () => void linger(), { once: true });
  return { ...context, signal: closing.signal };
};
