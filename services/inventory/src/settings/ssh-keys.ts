import { generateKeyPair, publicKeyOf, type SshKeyPairOptions } from '@cyborgbackup/borg';
import { SETTINGS_STREAM } from '@cyborgbackup/contracts';
import { handleCommand, loadState } from '@cyborgbackup/event-store';
import { fieldError, hasCode, messageOf } from '@cyborgbackup/kernel';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { settingsDecider, type SshKey } from './decider.ts';

const COMMENT = 'cyborgbackup';

/** @throws AppError `validation` on `bits` */
export const generateSshKey = async (type: SshKey['key_type'], bits?: number): Promise<SshKey> => {
  const options: SshKeyPairOptions = { type, comment: COMMENT, ...(bits === undefined ? {} : { bits }) };
  try {
    const { publicKey, privateKey } = await generateKeyPair(options);
    return { key_type: type, public_key: publicKey, private_key: privateKey };
  } catch (error) {
    throw hasCode(error, 'validation') ? fieldError('bits', error.message) : error;
  }
};

/** How a public key line begins, and the type of key pair that is. */
const LINE_STARTS = [
  ['ssh-ed25519 ', 'ed25519'],
  ['ecdsa-sha2-', 'ecdsa'],
  ['ssh-rsa ', 'rsa'],
] as const;

/** A key pair made elsewhere. @throws AppError `validation` on `value` for what is no usable private key */
export const importSshKey = (privateKey: string): SshKey => {
  const text = `${privateKey.replaceAll('\r\n', '\n').trim()}\n`;
  let line: string;
  try {
    line = publicKeyOf(text);
  } catch (error) {
    throw fieldError('value', messageOf(error));
  }
  const type = LINE_STARTS.find(([start]) => line.startsWith(start))?.[1];
  if (!type) throw fieldError('value', 'Only ed25519, ECDSA and RSA keys can be used.');
  return { key_type: type, public_key: line, private_key: text };
};

/** Makes the control plane's key pair when there is none; of two processes that do so at once, one wins. */
export const ensureSshKey = async (deps: InventoryDeps): Promise<void> => {
  const { state } = await loadState(deps, settingsDecider, SETTINGS_STREAM);
  if (state.sshKey) return;
  const handle = handleCommand(deps, settingsDecider);
  await handle(SETTINGS_STREAM, { type: 'provide-ssh-key', sshKey: await generateSshKey('ed25519') });
};
