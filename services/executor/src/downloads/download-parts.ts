import type { HostKeyPins } from '@cyborgbackup/borg';
import type { ServiceParts } from '@cyborgbackup/service';

/** What sending an archive's content takes. */
export interface DownloadDeps {
  readonly parts: ServiceParts;
  readonly hostKeys: HostKeyPins;
  readonly connectTimeoutMillis: number;
}
