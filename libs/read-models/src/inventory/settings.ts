import type { StoredSetting } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineTable, typed, type ColumnsFor, type RowOf } from '@cyborgbackup/projections/define';

/** Only the settings that were changed; `mergeSettings` puts them over the defaults. */
export const settings = defineTable('inventory.settings', {
  columns: {
    id: 'int4',
    key: 'text',
    value: 'text?',
    secret: typed<EncryptedValue | null>('jsonb?'),
    setting_type: 'text',
    group_name: 'text',
    sort_order: 'int4',
    created: 'timestamptz',
    modified: 'timestamptz',
  } satisfies ColumnsFor<StoredSetting>,
  key: ['key'],
  indexes: ['(id)'],
});
export type SettingRow = RowOf<typeof settings>;

/** The name of the only row of `ssh_keys`: the key pair that opens clients and repositories. */
export const CONTROL_PLANE_KEY = 'control-plane';

export const sshKeys = defineTable('inventory.ssh_keys', {
  columns: {
    name: 'text',
    public_key: 'text',
    key_type: 'text',
    private_key: typed<EncryptedValue>('jsonb'),
    created: 'timestamptz',
  },
  key: ['name'],
});
export type SshKeyRow = RowOf<typeof sshKeys>;
