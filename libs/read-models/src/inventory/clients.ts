import type { ClientFields } from '@cyborgbackup/contracts';
import { defineTable, type ColumnsFor, type RowOf } from '@cyborgbackup/projections/define';
import { identity, stamps } from './stamps.ts';

export const clients = defineTable('inventory.clients', {
  columns: {
    ...identity,
    ...stamps,
    ...({
      hostname: 'text',
      ip: 'text',
      version: 'text',
      ready: 'bool',
      hypervisor_ready: 'bool',
      hypervisor_name: 'text',
      enabled: 'bool',
      port: 'int4',
      bandwidth_limit: 'int4?',
      mark_as_to_update: 'bool',
      behind_firewall: 'bool',
    } satisfies ColumnsFor<ClientFields>),
    /** Of the host key that is pinned for it, if one is. */
    host_key_stream: 'text',
  },
  key: ['uuid'],
  indexes: ['(id)', '(hostname)'],
});
export type ClientRow = RowOf<typeof clients>;

/** The SSH host keys that were pinned at first contact, or before. */
export const hostKeys = defineTable('inventory.host_keys', {
  columns: {
    stream: 'text',
    host: 'text',
    port: 'int4',
    key_type: 'text',
    fingerprint: 'text',
    public_key: 'text',
    created: 'timestamptz',
  },
  key: ['stream'],
});
export type HostKeyRow = RowOf<typeof hostKeys>;
