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

test('lets a superuser go when another one stays', () =>
  given(superusersDecider)
    .when({ user: 'ada', version: 5, superusers: [ada, bob] })
    .then(withdrawn('ada', 5)));

test('keeps the last superuser', () =>
  given(superusersDecider)
    .when({ user: 'ada', version: 5, superusers: [ada] })
    .refused(last));

test('does not count a superuser who is about to go, although the read model still has them', () =>
  given(superusersDecider, withdrawn('bob', 3))
    .when({ user: 'ada', version: 5, superusers: [ada, bob] })
    .refused(last));

test('counts a superuser again who was changed in another way after that', () =>
  given(superusersDecider, withdrawn('bob', 3))
    .when({ user: 'ada', version: 5, superusers: [ada, { ...bob, revision: 4 }] })
    .then(withdrawn('ada', 5)));

test('counts the last withdrawal of a user', () =>
  given(superusersDecider, withdrawn('bob', 3), withdrawn('bob', 6))
    .when({ user: 'ada', version: 5, superusers: [ada, { ...bob, revision: 5 }] })
    .refused(last));

test('decides a withdrawal again that lost its race', () =>
  given(superusersDecider, withdrawn('ada', 5))
    .when({ user: 'ada', version: 6, superusers: [{ ...ada, revision: 6 }, bob] })
    .then(withdrawn('ada', 6)));

test('lets a superuser go whom the read model does not have yet', () =>
  given(superusersDecider)
    .when({ user: 'new', version: 1, superusers: [bob] })
    .then(withdrawn('new', 1)));
