import type { SettingsEvent } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineReadModel } from '@cyborgbackup/projections';
import { sealedOnly } from '../row-stamps.ts';

export interface SshKeyRow {
  readonly name: string;
  readonly public_key: string;
  readonly key_type: string;
  readonly private_key: EncryptedValue;
  readonly created: string;
}

/** The name of the only row: the key pair that opens clients and repositories. */
const CONTROL_PLANE_KEY = 'control-plane';

export const sshKeys = defineReadModel<SshKeyRow, SettingsEvent>({
  table: 'ssh_keys',
  columns: { name: 'text', public_key: 'text', key_type: 'text', private_key: 'jsonb', created: 'timestamptz' },
  key: ['name'],
  on: {
    'ssh-key-generated': ({ data, metadata }, table) =>
      table.put({
        name: CONTROL_PLANE_KEY,
        public_key: data.public_key,
        key_type: data.key_type,
        private_key: sealedOnly(data.private_key),
        created: metadata.occurredAt,
      }),
  },
});
