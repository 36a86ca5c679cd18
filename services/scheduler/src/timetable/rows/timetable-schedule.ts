import { findSetting, isSettingOn, type ScheduleEvent, type SettingsEvent } from '@cyborgbackup/contracts';
import type { ScheduleTimes, TimetableSchedule } from '@cyborgbackup/read-models';
import { changedValues, withChange, type Recorded } from './row-history.ts';

const valuesOf = ({ crontab, timezone, enabled, jitter }: ScheduleTimes): ScheduleTimes => ({
  crontab,
  timezone,
  enabled,
  jitter,
});

/** No schedule has this id: they count from 1. */
export const SETTINGS_SCHEDULE_ID = 0;
export const SETTINGS_SCHEDULE_UUID = '00000000-0000-0000-0000-000000000000';

const SWITCH = 'cyborgbackup_integrity_check';
const CRONTAB = 'cyborgbackup_ic_cron';

/** As it is until one of the two settings is changed. */
const unchanged = (since: string): TimetableSchedule => ({
  uuid: SETTINGS_SCHEDULE_UUID,
  id: SETTINGS_SCHEDULE_ID,
  name: CRONTAB,
  crontab: findSetting(CRONTAB)?.default_value ?? '',
  timezone: 'UTC',
  enabled: isSettingOn(findSetting(SWITCH)?.default_value ?? null),
  jitter: 0,
  blackouts: [],
  valid_from: since,
  history: [],
});

/** Whether an event is about the settings by which repositories without a schedule of their own are verified. */
export const isScheduleSetting = (event: SettingsEvent): boolean =>
  event.type === 'setting-changed' && (event.data.key === SWITCH || event.data.key === CRONTAB);

/** Two settings make a schedule like any other, for the integrity of repositories that have none of their own. */
const evolveSettings = (
  row: TimetableSchedule | undefined,
  event: Recorded<SettingsEvent>,
): TimetableSchedule | undefined => {
  if (event.type !== 'setting-changed' || !isScheduleSetting(event)) return row;
  const { key, value } = event.data;
  const since = event.metadata.occurredAt;
  const values = key === SWITCH ? { enabled: isSettingOn(value) } : { crontab: value };
  return withChange(row ?? unchanged(since), values, since, valuesOf);
};

export const evolveSchedule = (
  row: TimetableSchedule | undefined,
  event: Recorded<ScheduleEvent | SettingsEvent>,
): TimetableSchedule | undefined => {
  const since = event.metadata.occurredAt;
  switch (event.type) {
    case 'schedule-registered':
      return { ...event.data, valid_from: since, history: [] };
    case 'schedule-changed': {
      const { name, crontab, timezone, enabled, jitter, blackouts } = event.data;
      const next = withChange(row, { crontab, timezone, enabled, jitter }, since, valuesOf);
      return next && { ...next, ...changedValues(next, { name, blackouts }) };
    }
    case 'schedule-removed':
      // Occurrences up to now may wait for their start.
      return withChange(row, { enabled: false }, since, valuesOf);
    default:
      return evolveSettings(row, event);
  }
};
