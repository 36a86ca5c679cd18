import { foldEvents } from '@cyborgbackup/projections';
import { expect, test } from 'vitest';
import { ADA, recorded, sealed, secondOf } from '../testing/recorded.ts';
import { users } from './table.ts';

const fields = {
  first_name: 'Ada',
  last_name: 'Lovelace',
  email: 'ada@x.org',
  is_superuser: true,
  notify_backup_daily: false,
  notify_backup_weekly: false,
  notify_backup_monthly: false,
  notify_backup_success: false,
  notify_backup_failed: true,
  notify_backup_summary: false,
};
const registered = recorded(1, {
  type: 'user-registered',
  data: { ...fields, uuid: ADA, id: 4, password_hash: sealed('1') },
});
const row = {
  ...fields,
  uuid: ADA,
  id: 4,
  comparable_email: 'ada@x.org',
  password_hash: sealed('1'),
  created: secondOf(1),
  modified: secondOf(1),
  revision: 1,
  credentials_changed_at: secondOf(1),
};

test('adds a row for a registered user', () => {
  expect(foldEvents(users, [registered])).toEqual([row]);
});

test('keeps the time of the credentials when other fields change', () => {
  const changed = recorded(2, { type: 'user-changed', data: { uuid: ADA, email: 'B@x.org' } });
  expect(foldEvents(users, [registered, changed])).toEqual([
    { ...row, email: 'B@x.org', comparable_email: 'b@x.org', modified: secondOf(2), revision: 2 },
  ]);
});

test('moves the time of the credentials when the password changes', () => {
  const changed = recorded(2, { type: 'user-password-changed', data: { uuid: ADA, password_hash: sealed('2') } });
  expect(foldEvents(users, [registered, changed])).toEqual([
    {
      ...row,
      password_hash: sealed('2'),
      modified: secondOf(2),
      revision: 2,
      credentials_changed_at: secondOf(2),
    },
  ]);
});

test('removes the row of a removed user', () => {
  const removed = recorded(2, { type: 'user-removed', data: { uuid: ADA, id: 4 } });
  expect(foldEvents(users, [registered, removed])).toEqual([]);
});

test('lets no hash in clear into the table', () => {
  const open = recorded(1, {
    type: 'user-registered',
    data: { ...fields, uuid: ADA, id: 4, password_hash: '$scrypt$' },
  });
  expect(() => foldEvents(users, [open])).toThrow('not sealed');
});
