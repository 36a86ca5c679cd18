import type { BorgResult } from '@cyborgbackup/borg';
import type { BorgPlace } from '../connect/borg-place.ts';
import type { ConnectionOptions } from '../connect/connections.ts';

export interface StaleLockOptions {
  readonly connections: ConnectionOptions;
  readonly repository: { readonly uuid: string; readonly path: string };
  readonly place: BorgPlace;
}

export type WithStaleLock = (options: StaleLockOptions, step: () => Promise<BorgResult>) => Promise<BorgResult>;
