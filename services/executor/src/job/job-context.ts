import type { HostKeyPins } from '@cyborgbackup/borg';
import type { ServiceParts } from '@cyborgbackup/service';
import type { BorgEndpoint } from '../endpoints/borg-endpoint.ts';
import type { ConnectionOptions } from '../endpoints/connections.ts';
import type { JobPlan } from './job-plan.ts';
import type { JobOutput } from '../output/job-output.ts';

/** What a step of a job works with. */
export interface JobContext {
  readonly parts: ServiceParts;
  readonly plan: JobPlan;
  /** 1 for the first; later ones may find what a lost attempt left behind. */
  readonly attempt: number;
  readonly output: JobOutput;
  readonly hostKeys: HostKeyPins;
  readonly connectTimeoutMillis: number;
  /** How long borg, a dump or a hook may say nothing. */
  readonly idleTimeoutMillis: number;
  /** Fires when the job is canceled, taken over, or the executor must stop. */
  readonly signal: AbortSignal;
  /**
   * Resolves when the log says that the job is still this attempt's; to be awaited before anything is started or removed.
   * @throws JobStopped when it is not, or when the signal aborts while that cannot be known
   */
  prove(signal: AbortSignal): Promise<void>;
  /** Records that borg runs, with its process id on its host. */
  announce(host: BorgEndpoint['host'], pid: number): void;
}

export const connectionsOf = (context: JobContext): ConnectionOptions => ({
  parts: context.parts,
  hostKeys: context.hostKeys,
  connectTimeoutMillis: context.connectTimeoutMillis,
  signal: context.signal,
  job: context.plan.job.uuid,
  prove: (signal) => context.prove(signal),
  warn: (text) => context.output.write('system_warning', text),
});
