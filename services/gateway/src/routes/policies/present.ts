import { maskExtraVars, SECRET_MASK } from '@cyborgbackup/contracts';
import { nextOpenOccurrence, parseBlackout, parseCrontab, type OpenTimes } from '@cyborgbackup/scheduling';
import type { SubjectKeys } from '@cyborgbackup/event-store';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { shortIso } from '../../db/timestamps.ts';
import type { Caller } from '../../http/core/endpoint.ts';
import { linksOf, represent, urlOf } from '../../http/core/representation.ts';
import type { PolicyRow } from '../../lists/sources/policies.ts';
import { policySchema } from './schema.ts';

/** Whose keys open a policy's secrets, and for whom. */
interface Reading {
  readonly keys: SubjectKeys;
  readonly caller: Caller;
}

/** Variables as they were sent, with the passwords in them masked, and for others than superusers the commands. */
export const maskedExtraVars = async ({ keys, caller }: Reading, row: PolicyRow): Promise<string> => {
  const text = await keys.open(row.extra_vars);
  return text === undefined ? SECRET_MASK : maskExtraVars(text, { showsCommands: caller.isSuperuser });
};

/** For superusers as it was sent; for others, whether there is one. */
const maskedHook = async ({ keys, caller }: Reading, hook: EncryptedValue): Promise<string> => {
  const text = await keys.open(hook);
  return text === '' || (caller.isSuperuser && text !== undefined) ? text : SECRET_MASK;
};

/** When the policy's schedule starts it; undefined for a policy without a schedule. */
export const openTimes = ({ schedule_summary, timezone, blackouts }: PolicyRow): OpenTimes | undefined =>
  schedule_summary
    ? {
        crontab: parseCrontab(schedule_summary.crontab),
        timezone: timezone ?? 'UTC',
        blackouts: (blackouts ?? []).map(parseBlackout),
      }
    : undefined;

/**
 * The next occurrence of the policy outside of blackout windows and without jitter, `2018-11-26T05:00:00Z`; null when the policy
 * or its schedule is disabled, or has no further occurrence. It is computed for each answer, so that a change of the schedule
 * counts at once.
 */
const nextRun = (policy: PolicyRow, now: number): string | null => {
  const times = policy.enabled && policy.schedule_summary?.enabled ? openTimes(policy) : undefined;
  const next = times ? nextOpenOccurrence(times, now) : null;
  return next === null ? null : shortIso(new Date(next).toISOString());
};

/** @param options.now milliseconds since the epoch */
export const presentPolicy = async (
  row: PolicyRow,
  { now, ...reading }: Reading & { readonly now: number },
): Promise<object> =>
  represent(policySchema, {
    ...row,
    ...linksOf(row, {
      collection: 'policies',
      related: {
        launch: urlOf('policies', row.id, 'launch'),
        calendar: urlOf('policies', row.id, 'calendar'),
        schedule: urlOf('schedules', row.schedule),
        repository: urlOf('repositories', row.repository),
      },
      summaries: { repository: row.repository_summary, schedule: row.schedule_summary },
    }),
    extra_vars: await maskedExtraVars(reading, row),
    prehook: await maskedHook(reading, row.prehook),
    posthook: await maskedHook(reading, row.posthook),
    next_run: nextRun(row, now),
  });
