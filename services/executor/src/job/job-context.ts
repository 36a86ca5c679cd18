import type { HostKeyPins } from '@cyborgbackup/borg';
import type { ServiceDeps } from '@cyborgbackup/service';
import type { JobOutput } from '../output/job-output.ts';
import type { JobPlan } from './job-plan.ts';

/** The host on which a borg runs. */
export type BorgHost = 'client' | 'repository' | 'executor';

/** What a step of a job works with. */
export interface JobContext {
  readonly deps: ServiceDeps;
  readonly plan: JobPlan;
  /** 1 for the first; later ones may find what a lost attempt left behind. */
  readonly attempt: number;
  readonly output: JobOutput;
  readonly hostKeys: HostKeyPins;
  readonly connectTimeoutMillis: number;
  /** How long borg, a dump or a hook may be silent. */
  readonly idleTimeoutMillis: number;
  /** Fires when the job is canceled, taken over, or the executor must stop. */
  readonly signal: AbortSignal;
  /**
   * Resolves when the log says that the job still belongs to this attempt; to be awaited before anything is started or removed.
   * @throws JobStopped when it does not, or when the signal aborts before the log could be read
   */
  assertOwnership(signal: AbortSignal): Promise<void>;
  /** Records that borg runs, with its process id on its host. */
  recordProcess(host: BorgHost, pid: number): void;
}
