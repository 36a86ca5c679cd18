import { mergeSettings, type EffectiveSetting, type StoredSetting } from '@cyborgbackup/contracts';
import type { Reader } from '../../db/reader.ts';

/** All settings in the catalogue's order: those that were changed, and the others' defaults. */
export const readSettings = async (reader: Reader): Promise<readonly EffectiveSetting[]> =>
  mergeSettings(
    await reader.rows<StoredSetting>(
      `select id, key, value, secret, setting_type, group_name, sort_order, created, modified from inventory.settings`,
    ),
  );

/** The control plane's public SSH key, one line as in `authorized_keys`; undefined when there is none. */
export const readPublicKey = async (reader: Reader): Promise<string | undefined> =>
  (await reader.row<{ public_key: string }>("select public_key from inventory.ssh_keys where name = 'control-plane'"))
    ?.public_key;
