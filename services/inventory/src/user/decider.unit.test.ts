import type { UserEvent, UserFields } from '@cyborgbackup/contracts';
import { describe, expect, test } from 'vitest';
import { given } from '../testing/specification.ts';
import { userDecider } from './decider.ts';

const uuid = '5f0c8a52-0000-4000-8000-000000000001';
const fields: UserFields = {
  first_name: 'Ada',
  last_name: 'Lovelace',
  email: 'ada@x.org',
  is_superuser: false,
  notify_backup_daily: false,
  notify_backup_weekly: false,
  notify_backup_monthly: false,
  notify_backup_success: false,
  notify_backup_failed: true,
  notify_backup_summary: false,
};
const registered: UserEvent = {
  type: 'user-registered',
  data: { ...fields, uuid, id: 4, password_hash: '$scrypt$1' },
};
const removed: UserEvent = { type: 'user-removed', data: { uuid, id: 4 } };
const register = { type: 'register', uuid, id: 4, fields, passwordHash: '$scrypt$1' } as const;

describe('registering', () => {
  test('registers a new user', () => given(userDecider).when(register).then(registered));
  test('refuses a second user with the same uuid', () =>
    given(userDecider, registered).when(register).refused({ code: 'conflict' }));
  test('refuses the uuid of a removed user', () =>
    given(userDecider, registered, removed).when(register).refused({ code: 'conflict' }));
  test.each(['', 'ada', 'ada@', '@x.org', 'a b@x.org'])('refuses %j as an email address', (email) =>
    given(userDecider)
      .when({ ...register, fields: { ...fields, email } })
      .refused({ code: 'validation', fields: { email: ['Enter a valid email address.'] } }),
  );
});

describe('changing', () => {
  test('records the fields of a user that get another value, and nothing else', () =>
    given(userDecider, registered)
      .when({ type: 'change', changes: { first_name: 'Ada', email: 'root@localhost', last_name: undefined } })
      .then({ type: 'user-changed', data: { uuid, email: 'root@localhost' } }));
  test('records no change of a user that changes nothing', () =>
    given(userDecider, registered).when({ type: 'change', changes: fields }).then());
  test('records a password by an event of its own, even when it is the same', () =>
    given(userDecider, registered)
      .when({ type: 'change', changes: { is_superuser: true }, passwordHash: '$scrypt$1' })
      .then(
        { type: 'user-changed', data: { uuid, is_superuser: true } },
        { type: 'user-password-changed', data: { uuid, password_hash: '$scrypt$1' } },
      ));
  test('names the token that a password was chosen with', () =>
    given(userDecider, registered)
      .when({ type: 'change', changes: {}, passwordHash: '$scrypt$2', resetToken: uuid })
      .then({ type: 'user-password-changed', data: { uuid, password_hash: '$scrypt$2', reset_token: uuid } }));
  test('compares a change of a user with the changes before', () =>
    given(userDecider, registered, { type: 'user-changed', data: { uuid, email: 'b@x.org' } })
      .when({ type: 'change', changes: { email: 'ada@x.org' } })
      .then({ type: 'user-changed', data: { uuid, email: 'ada@x.org' } }));
  test('refuses to change to an email address that is not valid', () =>
    given(userDecider, registered)
      .when({ type: 'change', changes: { email: 'nowhere' } })
      .refused({ code: 'validation' }));
  test.each([[[]], [[registered, removed]]])(
    'refuses to change a user who does not exist or was removed',
    (history: UserEvent[]) =>
      given(userDecider, ...history)
        .when({ type: 'change', changes: { first_name: 'X' } })
        .refused({ code: 'not-found' }),
  );
});

test('removes a user once', () => {
  given(userDecider, registered).when({ type: 'remove' }).then(removed);
  given(userDecider, registered, removed).when({ type: 'remove' }).refused({ code: 'not-found' });
});

test('holds no password in the state', () => {
  const { state } = given(userDecider, registered);
  expect(state).toEqual({ uuid, id: 4, isRemoved: false, fields });
});
