import type { PolicyFields, PolicySecret, ScheduleFields } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineTable, typed, type ColumnsFor, type RowOf } from '@cyborgbackup/projections/define';
import { identity, stamps } from './stamps.ts';

const secret = typed<EncryptedValue>('jsonb');
const sealed = { extra_vars: secret, prehook: secret, posthook: secret } satisfies Record<PolicySecret, unknown>;

export const policies = defineTable('inventory.policies', {
  columns: {
    ...identity,
    ...stamps,
    ...sealed,
    ...({
      name: 'text',
      /** Integer ids, as are the repository and the schedules. */
      clients: 'int4[]',
      repository: 'int4',
      schedule: 'int4',
      policy_type: typed<PolicyFields['policy_type']>('text'),
      keep_hourly: 'int4?',
      keep_daily: 'int4?',
      keep_weekly: 'int4?',
      keep_monthly: 'int4?',
      keep_yearly: 'int4?',
      vmprovider: 'text',
      mode_pull: 'bool',
      enabled: 'bool',
      missed_runs: typed<PolicyFields['missed_runs']>('text'),
      overlap: typed<PolicyFields['overlap']>('text'),
      connect_timeout: 'int4?',
      idle_timeout: 'int4?',
      total_timeout: 'int4?',
      max_attempts: 'int4',
      shrink_limit: 'int4?',
      drill_schedule: 'int4?',
      drill_files: 'int4',
    } satisfies ColumnsFor<Omit<PolicyFields, PolicySecret>>),
  },
  key: ['uuid'],
  indexes: ['(id)', '(name)', '(repository)', '(schedule)', '(drill_schedule)', 'USING gin (clients)'],
});
export type PolicyRow = RowOf<typeof policies>;

export const schedules = defineTable('inventory.schedules', {
  columns: {
    ...identity,
    ...stamps,
    ...({
      name: 'text',
      crontab: 'text',
      timezone: 'text',
      enabled: 'bool',
      jitter: 'int4',
      blackouts: 'text[]',
    } satisfies ColumnsFor<ScheduleFields>),
  },
  key: ['uuid'],
  indexes: ['(id)', '(name)'],
});
export type ScheduleRow = RowOf<typeof schedules>;
