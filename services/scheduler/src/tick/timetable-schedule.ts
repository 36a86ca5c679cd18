import { findSetting, isSettingOn, type ScheduleEvent, type SettingsEvent } from '@cyborgbackup/contracts';
import { changed, news, type Next, type Occurred } from './row-fold.ts';

export interface TimetableSchedule {
  readonly uuid: string;
  readonly id: number;
  readonly name: string;
  readonly crontab: string;
  readonly timezone: string;
  readonly enabled: boolean;
  /** Seconds. */
  readonly jitter: number;
  readonly blackouts: readonly string[];
  readonly since: string;
}

/** No schedule has this id: they count from 1. */
export const SETTINGS_SCHEDULE_ID = 0;
export const SETTINGS_SCHEDULE_UUID = '00000000-0000-0000-0000-000000000000';

const SWITCH = 'cyborgbackup_integrity_check';
const CRONTAB = 'cyborgbackup_ic_cron';

/** As long as nobody has changed either setting. */
const unchanged = (since: string): TimetableSchedule => ({
  uuid: SETTINGS_SCHEDULE_UUID,
  id: SETTINGS_SCHEDULE_ID,
  name: CRONTAB,
  crontab: findSetting(CRONTAB)?.default_value ?? '',
  timezone: 'UTC',
  enabled: isSettingOn(findSetting(SWITCH)?.default_value ?? null),
  jitter: 0,
  blackouts: [],
  since,
});

/** Whether an event is about the settings by which repositories without a schedule of their own are verified. */
export const isScheduleSetting = (event: SettingsEvent): boolean =>
  event.type === 'setting-changed' && (event.data.key === SWITCH || event.data.key === CRONTAB);

/** Two settings make a schedule like any other, for the integrity of repositories that have none of their own. */
const evolveSettings = (
  row: TimetableSchedule | undefined,
  event: Occurred<SettingsEvent>,
): Next<TimetableSchedule> => {
  if (event.type !== 'setting-changed' || !isScheduleSetting(event)) return row;
  const { key, value } = event.data;
  const since = event.metadata.occurredAt;
  const values = key === SWITCH ? { enabled: isSettingOn(value) } : { crontab: value };
  return changed(row ?? unchanged(since), values, since);
};

export const evolveSchedule = (
  row: TimetableSchedule | undefined,
  event: Occurred<ScheduleEvent | SettingsEvent>,
): Next<TimetableSchedule> => {
  const since = event.metadata.occurredAt;
  switch (event.type) {
    case 'schedule-registered':
      return { ...event.data, since };
    case 'schedule-changed': {
      const { name, crontab, timezone, enabled, jitter, blackouts } = event.data;
      const next = changed(row, { crontab, timezone, enabled, jitter }, since);
      return next && { ...next, ...news(next, { name, blackouts }) };
    }
    case 'schedule-removed':
      return row && null;
    default:
      return evolveSettings(row, event);
  }
};
