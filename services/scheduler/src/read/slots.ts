import type { GrantEvent } from '@cyborgbackup/contracts';
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

export const slots = defineReadModel<SlotRow, GrantEvent>({
  table: 'slots',
  columns: { job: 'uuid', run: 'uuid', repository: 'uuid?', client: 'uuid?', granted_version: 'int4' },
  key: ['job'],
  on: {
    'job-granted': ({ data, version }, table) => table.put({ ...data, granted_version: version }),
    'grant-released': ({ data }, table) => table.remove({ job: data.job }),
  },
});

/** How far the queue's stream has come: one row. */
export interface QueueVersionRow {
  readonly stream: string;
  readonly version: number;
}

export const queueVersion = defineReadModel<QueueVersionRow, GrantEvent>({
  table: 'queue_version',
  columns: { stream: 'text', version: 'int4' },
  key: ['stream'],
  on: {
    'job-ready': ({ stream, version }, table) => table.put({ stream, version }),
    'job-granted': ({ stream, version }, table) => table.put({ stream, version }),
    'grant-released': ({ stream, version }, table) => table.put({ stream, version }),
  },
});
