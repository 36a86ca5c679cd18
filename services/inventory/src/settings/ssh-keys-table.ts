import type { SettingsEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { CONTROL_PLANE_KEY, inventory, type SshKeyRow } from '@cyborgbackup/read-models';
import { sealedOnly } from '../shared/row-stamps.ts';

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
