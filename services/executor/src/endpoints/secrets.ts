import {
  MAX_CLOCK_DIFFERENCE_SETTING,
  RUN_ON_REPOSITORY_HOST_SETTING,
  SETTINGS_STREAM,
  TRUST_FIRST_CONTACT_SETTING,
  isSettingOn,
  settingChanged,
  type GivenSecret,
  type GivenSecrets,
  type PolicySecret,
} from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { KeylessDeps } from '@cyborgbackup/service';
import type { WorkDeps } from '../job/executor-deps.ts';

/*
 * Secrets are in no job's description, and this process holds no key to those in the log: the inventory gives each attempt, and
 * each download, what that needs. See docs/decisions/0028-hooks-are-secrets-and-jobs-are-given-theirs.md.
 */

/** Asks when the first secret is needed, and once; after a failure, again. */
export const askOnce = (ask: () => Promise<GivenSecrets>): WorkDeps['secrets'] => {
  let given: Promise<GivenSecrets> | undefined;
  const askNow = async (): Promise<GivenSecrets> => {
    try {
      return await ask();
    } catch (error) {
      given = undefined;
      throw error;
    }
  };
  return () => (given ??= askNow());
};

const notGiven = (name: GivenSecret): AppError =>
  new AppError(
    'internal',
    `This work was not given its ${name}: job-needs.ts of the inventory does not know that it needs it.`,
  );

/** What opens a repository. */
export interface RepositorySecrets {
  readonly id: number;
  readonly passphrase: string;
  /** The key pair that opens this repository alone. Older installations have none until one is made. */
  readonly ownKey: { readonly publicKey: string; readonly privateKey: string } | undefined;
  /** A preparation has seen the repository's host accept that key. */
  readonly takesOwnKey: boolean;
  /** The program that serves the repository on its host. */
  readonly remotePath: string;
  /** It was never prepared, or is not encrypted. Any other has to be encrypted for good: its host may put another in its place. */
  readonly mayBeUnencrypted: boolean;
}

/** A repository's secrets as they are now, not as they were when the job was queued. */
export const repositorySecrets = async (
  { secrets }: Pick<WorkDeps, 'secrets'>,
  uuid: string,
): Promise<RepositorySecrets> => {
  const { repository } = await secrets();
  if (repository?.uuid !== uuid) throw notGiven('repository');
  const { id, passphrase, own_key: key, takes_own_key: takesOwnKey, encryption, remote_path: remotePath } = repository;
  return {
    ...{ id, passphrase, takesOwnKey, remotePath },
    mayBeUnencrypted: ['', 'none'].includes(encryption),
    ownKey: key ? { publicKey: key.public_key, privateKey: key.private_key } : undefined,
  };
};

/** How we log in to clients. */
export interface Login {
  /** The account on the clients. */
  readonly user: string;
  /** OpenSSH PEM. */
  readonly privateKey: string;
}

export const clientLogin = async ({ secrets }: Pick<WorkDeps, 'secrets'>): Promise<Login> => {
  const { login } = await secrets();
  if (!login) throw notGiven('login');
  return { user: login.user, privateKey: login.private_key };
};

/** A secret of the job's policy, as its run carries it. */
export const policySecret = async ({ secrets }: Pick<WorkDeps, 'secrets'>, name: PolicySecret): Promise<string> => {
  const { [name]: secret } = await secrets();
  if (secret === null) throw notGiven(name);
  return secret;
};

const INSTALL_BORG = 'cyborgbackup_install_borg';

const readSetting = async ({ store }: Pick<KeylessDeps, 'store'>, key: string): Promise<string | null> => {
  let value: string | null = null;
  for await (const { type, data } of store.readStream(SETTINGS_STREAM)) {
    if (type !== settingChanged.type) continue;
    const setting = settingChanged.schema.parse(data);
    if (setting.key === key) ({ value } = setting);
  }
  return value;
};

/** Whether a preparation may install programs from a distribution's packages. */
export const mayInstallPrograms = async (deps: Pick<KeylessDeps, 'store'>): Promise<boolean> =>
  isSettingOn(await readSetting(deps, INSTALL_BORG));

/** Seconds that a client's clock may differ from ours for a backup; 0 for any. */
export const maxClockDifference = async (deps: Pick<KeylessDeps, 'store'>): Promise<number> =>
  Number((await readSetting(deps, MAX_CLOCK_DIFFERENCE_SETTING)) ?? 0);

/** Whether the key of a host that was never seen may be pinned as it is. */
export const trustsFirstContact = async (deps: Pick<KeylessDeps, 'store'>): Promise<boolean> =>
  isSettingOn((await readSetting(deps, TRUST_FIRST_CONTACT_SETTING)) ?? 'True');

/** Whether borg may run on the hosts of repositories, which then learn the passphrases. */
export const runsOnRepositoryHosts = async (deps: Pick<KeylessDeps, 'store'>): Promise<boolean> =>
  isSettingOn(await readSetting(deps, RUN_ON_REPOSITORY_HOST_SETTING));
