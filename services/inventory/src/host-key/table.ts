import { hostKeyStream, type HostKeyEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { inventory, type HostKeyRow } from '@cyborgbackup/read-models';

export const hostKeys = defineReadModel<HostKeyRow, HostKeyEvent>(inventory.hostKeys, {
  'host-key-pinned': ({ data, metadata }, table) =>
    table.put({ ...data, stream: hostKeyStream(data.host, data.port), created: metadata.occurredAt }),
  'host-key-forgotten': ({ data }, table) => table.remove({ stream: hostKeyStream(data.host, data.port) }),
});
