import { runBorg, type BorgResult, type RunBorgOptions } from '@cyborgbackup/borg';
import type { BorgPlace } from './borg-place.ts';

/** What a place decides is not for the caller to say. */
export type PlaceRun = Omit<RunBorgOptions, 'passphrase' | 'knownHosts' | 'forwardAgent' | 'agentSocket'>;

/** Runs borg at a place. @throws as `runBorg` */
export const runAt = (place: BorgPlace, options: PlaceRun): Promise<BorgResult> =>
  runBorg(place.runner, {
    ...options,
    env: { ...place.env, ...options.env },
    passphrase: place.passphrase,
    knownHosts: place.knownHosts,
    forwardAgent: place.forwardAgent,
    agentSocket: place.agentSocket,
  });
