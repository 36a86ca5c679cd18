import { runBorg, type BorgResult, type RunBorgOptions } from '@cyborgbackup/borg';
import type { BorgEndpoint } from '../endpoints/borg-endpoint.ts';

/** Without what the endpoint decides. */
export type BorgRun = Omit<
  RunBorgOptions,
  'program' | 'passphrase' | 'mayBeUnencrypted' | 'lockOwner' | 'knownHosts' | 'forwardAgent' | 'agentSocket'
>;

/** The endpoint's options come behind the word that says what borg is to do. */
const withOptions = ([command = '', ...words]: readonly string[], options: readonly string[]): readonly string[] => [
  command,
  ...options,
  ...words,
];

/** Runs borg at an endpoint. @throws as `runBorg` */
export const runBorgAt = (endpoint: BorgEndpoint, options: BorgRun): Promise<BorgResult> =>
  runBorg(endpoint.runner, {
    ...options,
    argv: withOptions(options.argv, endpoint.options),
    program: endpoint.program,
    env: { ...endpoint.env, ...options.env },
    passphrase: endpoint.passphrase,
    mayBeUnencrypted: endpoint.mayBeUnencrypted,
    lockOwner: endpoint.lockOwner,
    knownHosts: endpoint.knownHosts,
    forwardAgent: endpoint.forwardAgent,
    agentSocket: endpoint.agentSocket,
  });
