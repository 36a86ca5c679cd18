import { parseBlackout, parseCrontab, type OpenTimes } from '@cyborgbackup/scheduling';
import type { PolicyRow } from './query.ts';

type Scheduled = Pick<PolicyRow, 'schedule_summary' | 'timezone' | 'blackouts'>;

/** When the policy's schedule starts it; undefined for one without. */
export const openTimes = ({ schedule_summary: schedule, timezone, blackouts }: Scheduled): OpenTimes | undefined =>
  schedule
    ? {
        crontab: parseCrontab(schedule.crontab),
        timezone: timezone ?? 'UTC',
        blackouts: (blackouts ?? []).map(parseBlackout),
      }
    : undefined;
