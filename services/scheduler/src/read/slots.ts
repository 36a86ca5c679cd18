import type { QueueEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

/** A slot that is taken: granted, and not freed yet. */
export interface SlotRow {
  readonly job: string;
  readonly run: string;
  readonly repository: string | null;
  readonly client: string | null;
  /** Version of its grant in the queue's stream; part of the published message's id. */
  readonly granted_version: number;
}

export const slots = defineReadModel<SlotRow, QueueEvent>({
  table: 'slots',
  columns: { job: 'uuid', run: 'uuid', repository: 'uuid?', client: 'uuid?', granted_version: 'int4' },
  key: ['job'],
  on: {
    'slot-granted': ({ data, version }, table) => table.put({ ...data, granted_version: version }),
    'slot-freed': ({ data }, table) => table.remove({ job: data.job }),
  },
});

/** How far the queue's stream has come: one row. */
export interface QueueVersionRow {
  readonly stream: string;
  readonly version: number;
}

export const queueVersion = defineReadModel<QueueVersionRow, QueueEvent>({
  table: 'queue_version',
  columns: { stream: 'text', version: 'int4' },
  key: ['stream'],
  on: {
    'slot-awaited': ({ stream, version }, table) => table.put({ stream, version }),
    'slot-granted': ({ stream, version }, table) => table.put({ stream, version }),
    'slot-freed': ({ stream, version }, table) => table.put({ stream, version }),
  },
});
