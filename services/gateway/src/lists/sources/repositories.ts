import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import { authoredSource, type AuthoredRow } from '../../db/authored.ts';
import { pinnedKeySql } from '../../db/host-key.ts';
import { authors, fieldsOf, STAMPS, type ResourceSource } from './list-source.ts';

const HIDDEN = [
  'key_proven',
  'borg_id',
  'encryption',
  'public_key',
  'escrow_borg_id',
  'escrow_key',
  'host_key_stream',
] as const;

export type RepositoryRow = AuthoredRow<RowOf<typeof inventory.repositories>, (typeof HIDDEN)[number]> & {
  readonly escrowed: boolean;
  readonly host_key: string | null;
};

const hostKeySql = (alias: string): string => pinnedKeySql(`${alias}.host_key_stream`);

export const repositories: ResourceSource = {
  name: 'repositories',
  label: 'Repository',
  type: 'repository',
  table: inventory.repositories.name,
  rows: authoredSource(inventory.repositories, {
    hide: HIDDEN,
    more: ["t.escrow_borg_id <> '' as escrowed", `${hostKeySql('t')} as host_key`],
  }),
  fields: {
    ...fieldsOf(inventory.repositories, { hide: [...STAMPS, ...HIDDEN] }),
    host_key: { type: 'text', sql: hostKeySql('$') },
    escrowed: { type: 'bool', sql: "($.escrow_borg_id <> '')" },
  },
  relations: {
    ...authors,
    check_schedule: { target: 'schedules', from: 'check_schedule', to: 'id' },
    integrity_schedule: { target: 'schedules', from: 'integrity_schedule', to: 'id' },
    policies: { target: 'policies', from: 'id', to: 'repository', many: true },
    jobs: { target: 'jobs', from: 'uuid', to: 'repository_uuid', many: true },
  },
  search: ['name'],
};
