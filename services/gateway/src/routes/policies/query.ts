import { policyFields, type PolicyFields } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import type { RowSource } from '../../lists/index.ts';
import type { CommonRow } from '../../http/core/representation.ts';
import type { StoredRow } from '../../http/resource/resource.ts';
import { authorColumns, authorJoins, columnsOf } from '../../db/authored.ts';

export interface PolicyRow extends StoredRow, CommonRow, Omit<PolicyFields, 'extra_vars'> {
  readonly extra_vars: EncryptedValue;
  readonly repository_summary: { readonly id: number; readonly name: string; readonly path: string } | null;
  readonly schedule_summary: ScheduleSummary | null;
  readonly timezone: string | null;
  readonly blackouts: readonly string[] | null;
}

export interface ScheduleSummary {
  readonly id: number;
  readonly name: string;
  readonly crontab: string;
  readonly enabled: boolean;
}

const columns = ['id', 'uuid', 'created', 'modified', 'revision', ...Object.keys(policyFields.shape)];

const summaries = `
  case when r.id is not null then
    json_build_object('id', r.id, 'name', r.name, 'path', r.path, 'enabled', r.enabled) end as repository_summary,
  case when s.id is not null then
    json_build_object('id', s.id, 'name', s.name, 'crontab', s.crontab, 'enabled', s.enabled) end as schedule_summary,
  s.timezone, s.blackouts`;

export const policySource: RowSource = {
  select: `${columnsOf(columns)}, ${authorColumns}, ${summaries}`,
  from: `inventory.policies t ${authorJoins}
    left join inventory.repositories r on r.id = t.repository left join inventory.schedules s on s.id = t.schedule`,
};
