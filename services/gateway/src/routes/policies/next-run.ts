import { nextOccurrence, parseCrontab } from '@cyborgbackup/contracts';
import { shortIso } from '../../read/timestamps.ts';
import type { PolicyRow } from './query.ts';

type Scheduled = Pick<PolicyRow, 'enabled' | 'schedule_summary' | 'timezone'>;

/**
 * When the policy is due next, `2018-11-26T05:00:00Z`; null when it or its schedule is disabled, or is never due again. It
 * is computed for each answer, so it follows a change of the schedule at once.
 */
export const nextRun = ({ enabled, schedule_summary: schedule, timezone }: Scheduled, now: number): string | null => {
  if (!enabled || !schedule?.enabled) return null;
  const next = nextOccurrence(parseCrontab(schedule.crontab), timezone ?? 'UTC', now);
  return next === null ? null : shortIso(new Date(next).toISOString());
};
