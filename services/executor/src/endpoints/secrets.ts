import {
  RUN_ON_REPOSITORY_HOST_SETTING,
  SETTINGS_STREAM,
  TRUST_FIRST_CONTACT_SETTING,
  isSettingOn,
  repositoryChanged,
  repositoryPrepared,
  repositoryRegistered,
  repositorySshKeyGenerated,
  settingChanged,
  sshKeyGenerated,
} from '@cyborgbackup/contracts';
import type { EncryptedValue, Sealed } from '@cyborgbackup/kernel';
import type { ServiceDeps } from '@cyborgbackup/service';
import { JobFailure } from '../job/job-failure.ts';

/** Secrets are read from the log when a job needs them: they never cross the wire and are in no job's description. */

type Readable = Pick<ServiceDeps, 'store' | 'codec' | 'keys'>;

const open = async ({ keys }: Readable, value: Sealed, what: string): Promise<string> => {
  if (typeof value === 'string') return value;
  const text = await keys.open(value satisfies EncryptedValue);
  if (text === undefined) throw new JobFailure(`${what} was erased from this installation.`, { status: 'error' });
  return text;
};

/** What opens a repository. */
export interface RepositorySecrets {
  readonly id: number;
  readonly passphrase: string;
  /** The key pair that opens this repository alone. Older installations have none until one is made. */
  readonly ownKey: { readonly publicKey: string; readonly privateKey: string } | undefined;
  /** A preparation has seen the repository's host accept that key. */
  readonly takesOwnKey: boolean;
}

/** What the repository's stream has said so far. */
interface RepositoryState {
  id?: number;
  passphrase?: Sealed;
  ownKey?: { publicKey: string; privateKey: Sealed };
  takesOwnKey: boolean;
}

const READERS: Readonly<Record<string, (state: RepositoryState, data: unknown) => void>> = {
  [repositoryRegistered.type]: (state, data) => {
    const { id, repository_key } = repositoryRegistered.schema.parse(data);
    Object.assign(state, { id, passphrase: repository_key });
  },
  [repositoryChanged.type]: (state, data) => {
    const { repository_key, path } = repositoryChanged.schema.parse(data);
    if (repository_key !== undefined) state.passphrase = repository_key;
    if (path !== undefined) state.takesOwnKey = false;
  },
  [repositorySshKeyGenerated.type]: (state, data) => {
    const { public_key, private_key } = repositorySshKeyGenerated.schema.parse(data);
    state.ownKey = { publicKey: public_key, privateKey: private_key };
    state.takesOwnKey = false;
  },
  [repositoryPrepared.type]: (state, data) => {
    state.takesOwnKey = repositoryPrepared.schema.parse(data).own_key;
  },
};

/** A repository's secrets as they are now, not as they were when the job was queued. */
export const repositorySecrets = async (deps: Readable, repository: string): Promise<RepositorySecrets> => {
  const state: RepositoryState = { takesOwnKey: false };
  for await (const { type, data } of deps.store.readStream(`repository-${repository}`)) READERS[type]?.(state, data);
  const { id, passphrase, ownKey, takesOwnKey } = state;
  if (id === undefined || passphrase === undefined) {
    throw new JobFailure('The repository is gone from the inventory.', { status: 'error' });
  }
  return {
    id,
    passphrase: await open(deps, passphrase, "The repository's passphrase"),
    ownKey: ownKey && {
      publicKey: ownKey.publicKey,
      privateKey: await open(deps, ownKey.privateKey, "The repository's SSH key"),
    },
    takesOwnKey: takesOwnKey && ownKey !== undefined,
  };
};

/** How we log in to clients. */
export interface Login {
  /** The account on the clients. */
  readonly user: string;
  /** OpenSSH PEM. */
  readonly privateKey: string;
}

const BACKUP_USER = 'cyborgbackup_backup_user';
const INSTALL_BORG = 'cyborgbackup_install_borg';
const DEFAULT_USER = 'root';

const readSettings = async (deps: Readable): Promise<{ values: Map<string, string>; key: Sealed | undefined }> => {
  const values = new Map<string, string>();
  let key: Sealed | undefined;
  for await (const { type, data } of deps.store.readStream(SETTINGS_STREAM)) {
    if (type === sshKeyGenerated.type) key = sshKeyGenerated.schema.parse(data).private_key;
    if (type !== settingChanged.type) continue;
    const setting = settingChanged.schema.parse(data);
    values.set(setting.key, setting.value);
  }
  return { values, key };
};

export const clientLogin = async (deps: Readable): Promise<Login> => {
  const { values, key } = await readSettings(deps);
  if (key === undefined) {
    throw new JobFailure('There is no SSH key yet: generate one under settings/generate_ssh.', { status: 'error' });
  }
  return { user: values.get(BACKUP_USER) || DEFAULT_USER, privateKey: await open(deps, key, 'The SSH key') };
};

/** Whether a preparation may install programs from a distribution's packages. */
export const mayInstallPrograms = async (deps: Readable): Promise<boolean> =>
  isSettingOn((await readSettings(deps)).values.get(INSTALL_BORG) ?? null);

/** Whether the key of a host that was never seen may be pinned as it is. */
export const trustsFirstContact = async (deps: Readable): Promise<boolean> =>
  isSettingOn((await readSettings(deps)).values.get(TRUST_FIRST_CONTACT_SETTING) ?? 'True');

/** Whether borg may run on the hosts of repositories, which then learn the passphrases. */
export const runsOnRepositoryHosts = async (deps: Readable): Promise<boolean> =>
  isSettingOn((await readSettings(deps)).values.get(RUN_ON_REPOSITORY_HOST_SETTING) ?? null);
