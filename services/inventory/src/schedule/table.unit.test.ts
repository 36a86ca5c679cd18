import { foldEvents } from '@cyborgbackup/projections';
import { expect, test } from 'vitest';
import { ADA, BOB, byUser, recorded, secondOf } from '../testing/recorded.ts';
import { schedules } from './table.ts';

const uuid = '5f0c8a52-0000-4000-8000-000000000001';
const fields = {
  name: 'Nightly',
  crontab: '0 1 * * *',
  timezone: 'UTC',
  enabled: true,
  jitter: 60,
  blackouts: ['MON 08:00-18:00'],
};
const registered = recorded(1, { type: 'schedule-registered', data: { ...fields, uuid, id: 4 } }, byUser(ADA));

test('keeps the row of a schedule from its registration until its removal', () => {
  const changed = recorded(2, { type: 'schedule-changed', data: { uuid, enabled: false } }, byUser(BOB));
  expect(foldEvents(schedules, [registered, changed])).toEqual([
    {
      ...fields,
      enabled: false,
      uuid,
      id: 4,
      created: secondOf(1),
      modified: secondOf(2),
      created_by: ADA,
      modified_by: BOB,
      revision: 2,
    },
  ]);
  const removed = recorded(3, { type: 'schedule-removed', data: { uuid, id: 4 } });
  expect(foldEvents(schedules, [registered, changed, removed])).toEqual([]);
});
