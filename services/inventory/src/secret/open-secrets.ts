import { SETTINGS_STREAM, type GivenSecrets } from '@cyborgbackup/contracts';
import { isEncrypted, loadState } from '@cyborgbackup/event-store';
import { AppError, type Sealed } from '@cyborgbackup/kernel';
import { repositoryDecider, repositoryStream } from '../repository/decider.ts';
import { settingsDecider } from '../settings/decider.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';

/** @param what the beginning of a sentence. @throws AppError `conflict` for one that was erased */
export const openSecret = async ({ keys }: InventoryDeps, secret: Sealed, what: string): Promise<string> => {
  const text = isEncrypted(secret) ? await keys.open(secret) : secret;
  if (text === undefined) throw new AppError('conflict', `${what} was erased from this installation.`);
  return text;
};

/**
 * What opens a repository, as it is now and not as it was when the job was planned. A removed one too: its archives may still be
 * restored.
 */
export const openRepository = async (
  deps: InventoryDeps,
  uuid: string,
): Promise<NonNullable<GivenSecrets['repository']>> => {
  const { state } = await loadState(deps, repositoryDecider, repositoryStream(uuid));
  if (!state) throw new AppError('not-found', 'The repository is gone from the inventory.');
  const { id, fields, publicKey, privateKey, ownKey, encryption } = state;
  return {
    ...{ uuid, id, encryption },
    passphrase: await openSecret(deps, fields.repository_key, "The repository's passphrase"),
    own_key: privateKey
      ? { public_key: publicKey, private_key: await openSecret(deps, privateKey, "The repository's SSH key") }
      : null,
    takes_own_key: ownKey && privateKey !== undefined,
    remote_path: fields.remote_path,
  };
};

const BACKUP_USER = 'cyborgbackup_backup_user';
const DEFAULT_USER = 'root';

/** How executors log in to hosts. */
export const openLogin = async (deps: InventoryDeps): Promise<NonNullable<GivenSecrets['login']>> => {
  const { sshKey, values } = (await loadState(deps, settingsDecider, SETTINGS_STREAM)).state;
  if (!sshKey) {
    throw new AppError('conflict', 'There is no SSH key yet: generate one under settings/generate_ssh.');
  }
  const user = values.get(BACKUP_USER);
  return {
    user: typeof user === 'string' && user !== '' ? user : DEFAULT_USER,
    private_key: await openSecret(deps, sshKey.private_key, 'The SSH key'),
  };
};
