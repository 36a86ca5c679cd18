import { findSetting, SSH_KEY_SETTING, type SettingsEvent } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineReadModel, type Change, type TableChanges } from '@cyborgbackup/projections';
import { CONTROL_PLANE_KEY, inventory, type SettingRow, type SshKeyRow } from '@cyborgbackup/read-models';
import { sealedOnly } from '../shared/row-stamps.ts';

interface NewValue {
  readonly key: string;
  readonly value: string | null;
  readonly secret: EncryptedValue | null;
  readonly at: string;
}

/** A setting that this version no longer knows has no row. */
const setting = (table: TableChanges<SettingRow>, change: NewValue): Change<SettingRow> | [] => {
  const { key, value, secret, at } = change;
  const known = findSetting(key);
  if (!known) return [];
  const { id, setting_type, group_name, sort_order } = known;
  return table.upsert({ key }, (row) => ({
    ...{ id, key, value, secret, setting_type, group_name, sort_order },
    created: row?.created ?? at,
    modified: at,
  }));
};

export const settings = defineReadModel<SettingRow, SettingsEvent>(inventory.settings, {
  'setting-changed': ({ data, metadata }, table) =>
    setting(table, { key: data.key, value: data.value, secret: null, at: metadata.occurredAt }),
  'secret-setting-changed': ({ data, metadata }, table) =>
    setting(table, { key: data.key, value: null, secret: sealedOnly(data.value), at: metadata.occurredAt }),
  'ssh-key-generated': ({ data, metadata }, table) =>
    setting(table, {
      key: SSH_KEY_SETTING,
      value: null,
      secret: sealedOnly(data.private_key),
      at: metadata.occurredAt,
    }),
});

export const sshKeys = defineReadModel<SshKeyRow, SettingsEvent>(inventory.sshKeys, {
  'ssh-key-generated': ({ data, metadata }, table) =>
    table.put({
      name: CONTROL_PLANE_KEY,
      public_key: data.public_key,
      key_type: data.key_type,
      private_key: sealedOnly(data.private_key),
      created: metadata.occurredAt,
    }),
});
