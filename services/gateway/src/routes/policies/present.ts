import { drillFields, maskExtraVars, runFields, SECRET_MASK } from '@cyborgbackup/contracts';
import type { SubjectKeys } from '@cyborgbackup/event-store';
import { z } from 'zod';
import { pick, presentCommon, urlOf } from '../../http/core/representation.ts';
import { nextRun } from './next-run.ts';
import type { PolicyRow } from './query.ts';

/** Variables as they were sent, but for the passwords in them. */
export const shownExtraVars = async (keys: SubjectKeys, row: PolicyRow): Promise<string> => {
  const text = await keys.open(row.extra_vars);
  return text === undefined ? SECRET_MASK : maskExtraVars(text);
};

export interface PolicyView {
  readonly keys: SubjectKeys;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const laterFields = z.object({ ...runFields, ...drillFields }).keyof().options;

export const presentPolicy = async (row: PolicyRow, { keys, now }: PolicyView): Promise<object> => ({
  ...presentCommon(row, {
    type: 'policy',
    collection: 'policies',
    related: {
      launch: urlOf('policies', row.id, 'launch'),
      calendar: urlOf('policies', row.id, 'calendar'),
      schedule: urlOf('schedules', row.schedule),
      repository: urlOf('repositories', row.repository),
    },
    summaries: { repository: row.repository_summary, schedule: row.schedule_summary },
  }),
  uuid: row.uuid,
  name: row.name,
  extra_vars: await shownExtraVars(keys, row),
  ...pick(row, ['clients', 'repository', 'schedule', 'policy_type']),
  ...pick(row, ['keep_hourly', 'keep_yearly', 'keep_daily', 'keep_weekly', 'keep_monthly']),
  vmprovider: row.vmprovider,
  next_run: nextRun(row, now),
  ...pick(row, ['mode_pull', 'enabled', 'prehook', 'posthook']),
  ...pick(row, laterFields),
});
