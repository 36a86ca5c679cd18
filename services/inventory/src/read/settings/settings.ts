import { findSetting, SSH_KEY_SETTING, type SettingsEvent, type StoredSetting } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineReadModel, type Change, type TableChanges } from '@cyborgbackup/projections';
import { sealedOnly } from '../row-stamps.ts';

interface NewValue {
  readonly key: string;
  readonly value: string | null;
  readonly secret: EncryptedValue | null;
  readonly at: string;
}

/** A setting that this version no longer knows has no row. */
const setting = (table: TableChanges<StoredSetting>, change: NewValue): Change<StoredSetting> | [] => {
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

/** Holds the settings that were changed; `mergeSettings` puts them over the defaults. */
export const settings = defineReadModel<StoredSetting, SettingsEvent>({
  table: 'settings',
  columns: {
    id: 'int4',
    key: 'text',
    value: 'text?',
    secret: 'jsonb?',
    setting_type: 'text',
    group_name: 'text',
    sort_order: 'int4',
    created: 'timestamptz',
    modified: 'timestamptz',
  },
  key: ['key'],
  indexes: ['(id)'],
  on: {
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
  },
});
