import { nextOpenOccurrence } from '@cyborgbackup/contracts';
import { shortIso } from '../../db/timestamps.ts';
import { openTimes } from './open-times.ts';
import type { PolicyRow } from './query.ts';

type Scheduled = Pick<PolicyRow, 'enabled' | 'schedule_summary' | 'timezone' | 'blackouts'>;

/**
 * When the policy is due next, `2018-11-26T05:00:00Z`, leaving out what lies in a blackout window; jitter comes on top of
 * it. Null when it or its schedule is disabled, or is never due again. It is computed for each answer, so it follows a change of the schedule at once.
 */
export const nextRun = (policy: Scheduled, now: number): string | null => {
  const times = policy.enabled && policy.schedule_summary?.enabled ? openTimes(policy) : undefined;
  if (!times) return null;
  const next = nextOpenOccurrence(times, now);
  return next === null ? null : shortIso(new Date(next).toISOString());
};
