import { hostKeyStream, type HostKeyEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

export interface HostKeyRow {
  readonly stream: string;
  readonly host: string;
  readonly port: number;
  readonly key_type: string;
  readonly fingerprint: string;
  readonly public_key: string;
  readonly created: string;
}

export const hostKeys = defineReadModel<HostKeyRow, HostKeyEvent>({
  table: 'host_keys',
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
  on: {
    'host-key-pinned': ({ data, metadata }, table) =>
      table.put({ ...data, stream: hostKeyStream(data.host, data.port), created: metadata.occurredAt }),
    'host-key-forgotten': ({ data }, table) => table.remove({ stream: hostKeyStream(data.host, data.port) }),
  },
});
