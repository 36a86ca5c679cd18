import type { RowWith } from '@cyborgbackup/projections/define';

/** How every entity is named: by uuid in events and commands, by number in the API. */
export const identity = { uuid: 'uuid', id: 'int4' } as const;

/** The history of every row that people edit. Users are named by uuid; null stands for the system. */
export const stamps = {
  created: 'timestamptz',
  modified: 'timestamptz',
  created_by: 'uuid?',
  modified_by: 'uuid?',
  /** The stream's version: the API's ETag. */
  revision: 'int4',
} as const;

export type RowStamps = RowWith<typeof stamps>;
