import type { PolicyEvent, PolicyFields } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineReadModel } from '@cyborgbackup/projections';
import { definedFields, firstStamps, nextStamps, sealedOnly, type RowStamps } from '../row-stamps.ts';

/** `clients`, `repository` and `schedule` are integer ids. */
export interface PolicyRow extends Omit<PolicyFields, 'extra_vars'>, RowStamps {
  readonly uuid: string;
  readonly id: number;
  readonly extra_vars: EncryptedValue;
}

export const policies = defineReadModel<PolicyRow, PolicyEvent>({
  table: 'policies',
  columns: {
    uuid: 'uuid',
    id: 'int4',
    created: 'timestamptz',
    modified: 'timestamptz',
    created_by: 'uuid?',
    modified_by: 'uuid?',
    revision: 'int4',
    name: 'text',
    extra_vars: 'jsonb',
    clients: 'int4[]',
    repository: 'int4',
    schedule: 'int4',
    policy_type: 'text',
    keep_hourly: 'int4?',
    keep_daily: 'int4?',
    keep_weekly: 'int4?',
    keep_monthly: 'int4?',
    keep_yearly: 'int4?',
    vmprovider: 'text',
    mode_pull: 'bool',
    enabled: 'bool',
    prehook: 'text',
    posthook: 'text',
    missed_runs: 'text',
    overlap: 'text',
    connect_timeout: 'int4?',
    idle_timeout: 'int4?',
    total_timeout: 'int4?',
    max_attempts: 'int4',
    shrink_limit: 'int4?',
    drill_schedule: 'int4?',
    drill_files: 'int4',
  },
  key: ['uuid'],
  indexes: ['(id)', '(name)', '(repository)', '(schedule)', '(drill_schedule)', 'USING gin (clients)'],
  on: {
    'policy-registered': (event, table) =>
      table.put({ ...event.data, extra_vars: sealedOnly(event.data.extra_vars), ...firstStamps(event) }),
    'policy-changed': (event, table) => {
      const { extra_vars: variables, ...changes } = event.data;
      const secret = variables === undefined ? {} : { extra_vars: sealedOnly(variables) };
      return table.update({ uuid: changes.uuid }, { ...definedFields(changes), ...secret, ...nextStamps(event) });
    },
    'policy-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
  },
});
