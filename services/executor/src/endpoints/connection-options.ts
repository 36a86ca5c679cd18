import type { HostKeyPins } from '@cyborgbackup/borg';
import type { ServiceParts } from '@cyborgbackup/service';

export interface ConnectionOptions {
  readonly parts: ServiceParts;
  readonly hostKeys: HostKeyPins;
  readonly connectTimeoutMillis: number;
  readonly signal: AbortSignal;
  /** Uuid of the job, in the environment of all that runs for it (see takeover/). */
  readonly job?: string | undefined;
  /** As in a job's context: to be awaited before anything of the job is ended. */
  readonly prove?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Takes a sentence that whoever reads the job's output should know. */
  readonly warn?: ((text: string) => void) | undefined;
}
