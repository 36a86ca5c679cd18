import type { SuperuserEvent } from '@cyborgbackup/contracts';
import { test } from 'vitest';
import { given } from '../testing/specification.ts';
import { superusersDecider } from './superusers.ts';

const withdrawn = (user: string, version: number): SuperuserEvent => ({
  type: 'superuser-withdrawn',
  data: { user, version },
});
const ada = { uuid: 'ada', revision: 5 };
const bob = { uuid: 'bob', revision: 3 };
const last = { code: 'conflict' };

test('a superuser may go when another one stays', () =>
  given(superusersDecider)
    .when({ user: 'ada', version: 5, superusers: [ada, bob] })
    .then(withdrawn('ada', 5)));

test('the last superuser stays', () =>
  given(superusersDecider)
    .when({ user: 'ada', version: 5, superusers: [ada] })
    .refused(last));

test('who is about to go does not count, though the read model still shows them', () =>
  given(superusersDecider, withdrawn('bob', 3))
    .when({ user: 'ada', version: 5, superusers: [ada, bob] })
    .refused(last));

test('who was changed another way after that counts again', () =>
  given(superusersDecider, withdrawn('bob', 3))
    .when({ user: 'ada', version: 5, superusers: [ada, { ...bob, revision: 4 }] })
    .then(withdrawn('ada', 5)));

test('the last withdrawal of a user is the one that counts', () =>
  given(superusersDecider, withdrawn('bob', 3), withdrawn('bob', 6))
    .when({ user: 'ada', version: 5, superusers: [ada, { ...bob, revision: 5 }] })
    .refused(last));

test('a withdrawal that lost its race can be decided again', () =>
  given(superusersDecider, withdrawn('ada', 5))
    .when({ user: 'ada', version: 6, superusers: [{ ...ada, revision: 6 }, bob] })
    .then(withdrawn('ada', 6)));

test('somebody whom the read model does not show yet may go as well', () =>
  given(superusersDecider)
    .when({ user: 'new', version: 1, superusers: [bob] })
    .then(withdrawn('new', 1)));
