import type { BackupEndpoint, BackupTarget } from './borg-endpoint.ts';
import type { ConnectionOptions } from '../job/job-context.ts';
import { openPullEndpoint } from './pull-endpoint.ts';
import { openPushEndpoint } from './push-endpoint.ts';

/** @throws SshError, JobFailure */
export const openBackupEndpoint = async (options: ConnectionOptions, target: BackupTarget): Promise<BackupEndpoint> => {
  if (target.pull) return openPullEndpoint(options, target);
  const { client, ...endpoint } = await openPushEndpoint(options, target.client, target.repository);
  return {
    ...endpoint,
    pull: false,
    client: client.runner,
    files: (paths, { oneFileSystem, patterns = [] }) =>
      Promise.resolve({
        create: { source: { paths }, exclude: [], patterns, oneFileSystem },
        run: {},
      }),
    dump: (argv) => argv,
  };
};
