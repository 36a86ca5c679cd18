import type { HostKeyPins } from '@cyborgbackup/borg';
import type { ServiceParts } from '@cyborgbackup/service';
import type { ConnectionOptions } from '../connect/connections.ts';
import type { JobPlan } from '../job/job-plan.ts';
import type { JobOutput } from '../output/job-output.ts';

/** What a step of a job works with. */
export interface JobContext {
  readonly parts: ServiceParts;
  readonly plan: JobPlan;
  /** 1 for the first; later ones may find an archive that a lost attempt completed. */
  readonly attempt: number;
  readonly output: JobOutput;
  readonly hostKeys: HostKeyPins;
  readonly connectTimeoutMillis: number;
  /** Fires when the job is canceled, taken over, or the executor must stop. */
  readonly signal: AbortSignal;
}

export const connectionsOf = ({ parts, hostKeys, connectTimeoutMillis, signal }: JobContext): ConnectionOptions => ({
  parts,
  hostKeys,
  connectTimeoutMillis,
  signal,
});
