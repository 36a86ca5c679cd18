import {
  SETTINGS_STREAM,
  repositoryChanged,
  repositoryRegistered,
  settingChanged,
  sshKeyGenerated,
} from '@cyborgbackup/contracts';
import type { EncryptedValue, Sealed } from '@cyborgbackup/kernel';
import type { ServiceParts } from '@cyborgbackup/service';
import { JobFailure } from '../job/job-failure.ts';

/** Secrets are read from the log when a job needs them: they never cross the wire and are in no job's description. */

type Readable = Pick<ServiceParts, 'store' | 'codec' | 'keys'>;

const open = async ({ keys }: Readable, value: Sealed, what: string): Promise<string> => {
  if (typeof value === 'string') return value;
  const text = await keys.open(value satisfies EncryptedValue);
  if (text === undefined) throw new JobFailure(`${what} was erased from this installation.`, { status: 'error' });
  return text;
};

/** The repository's passphrase as it is now, not as it was when the job was queued. */
export const repositoryPassphrase = async (parts: Readable, repository: string): Promise<string> => {
  let sealed: Sealed | undefined;
  for await (const { type, data } of parts.store.readStream(`repository-${repository}`)) {
    if (type === repositoryRegistered.type) sealed = repositoryRegistered.schema.parse(data).repository_key;
    if (type === repositoryChanged.type) sealed = repositoryChanged.schema.parse(data).repository_key ?? sealed;
  }
  if (sealed === undefined) throw new JobFailure('The repository is gone from the inventory.', { status: 'error' });
  return open(parts, sealed, "The repository's passphrase");
};

/** How we log in to clients. */
export interface Login {
  /** The account on the clients. */
  readonly user: string;
  /** OpenSSH PEM. */
  readonly privateKey: string;
}

const BACKUP_USER = 'cyborgbackup_backup_user';
const DEFAULT_USER = 'root';

export const clientLogin = async (parts: Readable): Promise<Login> => {
  let user = DEFAULT_USER;
  let sealed: Sealed | undefined;
  for await (const { type, data } of parts.store.readStream(SETTINGS_STREAM)) {
    if (type === sshKeyGenerated.type) sealed = sshKeyGenerated.schema.parse(data).private_key;
    if (type !== settingChanged.type) continue;
    const setting = settingChanged.schema.parse(data);
    if (setting.key === BACKUP_USER) user = setting.value || DEFAULT_USER;
  }
  if (sealed === undefined) {
    throw new JobFailure('There is no SSH key yet: generate one under settings/generate_ssh.', { status: 'error' });
  }
  return { user, privateKey: await open(parts, sealed, 'The SSH key') };
};
