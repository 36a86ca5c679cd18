import { SCHEDULE_DEFAULTS, type ScheduleEvent, type ScheduleFields } from '@cyborgbackup/contracts';
import { expect, test } from 'vitest';
import { given } from '../testing/specification.ts';
import { scheduleDecider } from './decider.ts';

const uuid = '5f0c8a52-0000-4000-8000-000000000001';
const fields: ScheduleFields = {
  ...{ name: 'Nightly', crontab: '0 5 * * MON *', timezone: 'UTC', enabled: true },
  ...SCHEDULE_DEFAULTS,
};
const registered: ScheduleEvent = { type: 'schedule-registered', data: { ...fields, uuid, id: 4 } };
const removed: ScheduleEvent = { type: 'schedule-removed', data: { uuid, id: 4 } };
const register = { type: 'register', uuid, id: 4, fields } as const;
const bothWrong = {
  code: 'validation',
  fields: { crontab: [expect.any(String)], timezone: [expect.any(String)] },
};

test('registers a schedule once', () => {
  given(scheduleDecider).when(register).then(registered);
  given(scheduleDecider, registered).when(register).refused({ code: 'conflict' });
});

test('names both a wrong crontab and a wrong time zone', () => {
  const wrong = { crontab: '* * *', timezone: 'Mars/Base' };
  given(scheduleDecider)
    .when({ ...register, fields: { ...fields, ...wrong } })
    .refused(bothWrong);
  given(scheduleDecider, registered).when({ type: 'change', changes: wrong }).refused(bothWrong);
});

test('names each blackout window that is not valid', () => {
  const blackouts = ['MON-FRI 08:00-18:00', 'noon', '25:00-26:00'];
  given(scheduleDecider, registered)
    .when({ type: 'change', changes: { blackouts } })
    .refused({ fields: { blackouts: [expect.stringContaining('noon'), expect.stringContaining('25:00')] } });
  given(scheduleDecider, registered)
    .when({ type: 'change', changes: { blackouts: blackouts.slice(0, 1), jitter: 300 } })
    .then({ type: 'schedule-changed', data: { uuid, blackouts: blackouts.slice(0, 1), jitter: 300 } });
});

test('records the fields of a schedule that get another value', () => {
  given(scheduleDecider, registered)
    .when({ type: 'change', changes: { ...fields, timezone: 'Europe/Paris' } })
    .then({ type: 'schedule-changed', data: { uuid, timezone: 'Europe/Paris' } });
  given(scheduleDecider, registered, { type: 'schedule-changed', data: { uuid, enabled: false } })
    .when({ type: 'change', changes: { enabled: false } })
    .then();
});

test('refuses to change a removed schedule', () => {
  given(scheduleDecider, registered).when({ type: 'remove' }).then(removed);
  given(scheduleDecider, registered, removed).when({ type: 'change', changes: {} }).refused({ code: 'not-found' });
});
