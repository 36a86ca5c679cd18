import { runBorg, type BorgResult, type RunBorgOptions } from '@cyborgbackup/borg';
import type { BorgEndpoint } from '../endpoints/borg-endpoint.ts';

/** Without what the endpoint decides. */
export type BorgRun = Omit<
  RunBorgOptions,
  'passphrase' | 'mayBeUnencrypted' | 'knownHosts' | 'forwardAgent' | 'agentSocket'
>;

/** Runs borg at an endpoint. @throws as `runBorg` */
export const runBorgAt = (endpoint: BorgEndpoint, options: BorgRun): Promise<BorgResult> =>
  runBorg(endpoint.runner, {
    ...options,
    env: { ...endpoint.env, ...options.env },
    passphrase: endpoint.passphrase,
    mayBeUnencrypted: endpoint.mayBeUnencrypted,
    knownHosts: endpoint.knownHosts,
    forwardAgent: endpoint.forwardAgent,
    agentSocket: endpoint.agentSocket,
  });
