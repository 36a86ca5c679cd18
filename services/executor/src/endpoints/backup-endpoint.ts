import type { ConnectionOptions } from '../job/job-context.ts';
import type { BackupEndpoint, BackupTarget } from './borg-endpoint.ts';
import { openPullEndpoint } from './pull-endpoint.ts';
import { openPushEndpoint } from './push-endpoint.ts';

/** @throws SshError, JobFailure */
export const openBackupEndpoint = (options: ConnectionOptions, target: BackupTarget): Promise<BackupEndpoint> =>
  target.pull ? openPullEndpoint(options, target) : openPushEndpoint(options, target);
