import { runBorg, type BorgResult, type RunBorgOptions } from '@cyborgbackup/borg';
import type { BorgEndpoint } from '../endpoints/borg-endpoint.ts';

/** What a place decides is not for the caller to say. */
export type BorgRun = Omit<RunBorgOptions, 'passphrase' | 'knownHosts' | 'forwardAgent' | 'agentSocket'>;

/** Runs borg at a place. @throws as `runBorg` */
export const runBorgAt = (place: BorgEndpoint, options: BorgRun): Promise<BorgResult> =>
  runBorg(place.runner, {
    ...options,
    env: { ...place.env, ...options.env },
    passphrase: place.passphrase,
    knownHosts: place.knownHosts,
    forwardAgent: place.forwardAgent,
    agentSocket: place.agentSocket,
  });
