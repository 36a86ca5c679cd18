import { mergeSettings, type EffectiveSetting, type StoredSetting } from '@cyborgbackup/contracts';
import { CONTROL_PLANE_KEY, inventory, type SshKeyRow } from '@cyborgbackup/read-models';
import { columnsOf } from '../../db/authored.ts';
import type { Reader } from '../../db/reader.ts';

/** All settings in the catalogue's order: those that were changed, and the others' defaults. */
export const readSettings = async (reader: Reader): Promise<readonly EffectiveSetting[]> =>
  mergeSettings(await reader.rows<StoredSetting>(`select ${columnsOf(inventory.settings)} from inventory.settings t`));

/** The control plane's public SSH key, one line as in `authorized_keys`; undefined when there is none. */
export const readPublicKey = async (reader: Reader): Promise<string | undefined> =>
  (
    await reader.row<Pick<SshKeyRow, 'public_key'>>('select public_key from inventory.ssh_keys where name = $1', [
      CONTROL_PLANE_KEY,
    ])
  )?.public_key;
