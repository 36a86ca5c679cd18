import { SECRET_MASK, type RepositoryEvent, type RepositoryFields } from '@cyborgbackup/contracts';
import { describe, expect, test } from 'vitest';
import { sealed } from '../testing/recorded.test.ts';
import { given } from '../testing/specification.test.ts';
import { repositoryDecider } from './decider.ts';

const uuid = '5f0c8a52-0000-4000-8000-000000000001';
const fields: RepositoryFields = {
  name: 'Main',
  path: 'borg@nas:/srv/repo',
  repository_key: 'secret',
  ready: true,
  enabled: true,
};
const registered: RepositoryEvent = {
  type: 'repository-registered',
  data: { ...fields, repository_key: sealed('1'), uuid, id: 4 },
};
const prepared: RepositoryEvent = {
  type: 'repository-prepared',
  data: { uuid, ready: true, borg_id: 'ab', encryption: 'repokey-blake2', initialised: true },
};
const removed: RepositoryEvent = { type: 'repository-removed', data: { uuid, id: 4 } };
const register = { do: 'register', uuid, id: 4, fields } as const;

describe('registering', () => {
  test('a new one, its key in clear: the codec seals it', () =>
    given(repositoryDecider)
      .when(register)
      .then({ type: 'repository-registered', data: { ...fields, uuid, id: 4 } }));
  test('a uuid once', () => given(repositoryDecider, registered).when(register).refused({ code: 'conflict' }));
  test('a place that is none', () =>
    given(repositoryDecider)
      .when({ ...register, fields: { ...fields, path: 'nas:repo' } })
      .refused({ code: 'validation', fields: { path: [expect.stringContaining('user@host:path')] } }));
  test('the mask is no key', () =>
    given(repositoryDecider)
      .when({ ...register, fields: { ...fields, repository_key: SECRET_MASK } })
      .refused({ code: 'validation', fields: { repository_key: [expect.any(String)] } }));
});

describe('changing', () => {
  const change = (changes: Partial<RepositoryFields>) =>
    given(repositoryDecider, registered, prepared).when({ do: 'change', changes });
  test('the mask means the key there is', () => change({ ...fields, repository_key: SECRET_MASK }).then());
  test('a key is recorded, as nobody can see whether it is another one', () =>
    change({ repository_key: 'new' }).then({ type: 'repository-changed', data: { uuid, repository_key: 'new' } }));
  test('another place has to be prepared', () =>
    change({ path: '/srv/other' }).then({
      type: 'repository-changed',
      data: { uuid, path: '/srv/other', ready: false },
    }));
  test('the same place stays ready', () => change({ path: fields.path }).then());
  test('unless its sender says that it is ready', () =>
    change({ path: '/srv/other', ready: true }).then({
      type: 'repository-changed',
      data: { uuid, path: '/srv/other' },
    }));
  test('a place that is none', () => change({ path: 'file:///x' }).refused({ code: 'validation' }));
});

describe('a preparation', () => {
  const found = { do: 'prepared', ready: true, borgId: 'ab', encryption: 'repokey-blake2' } as const;
  test('records what it found', () =>
    given(repositoryDecider, registered)
      .when({ ...found, initialised: true })
      .then(prepared));
  test('that finds what is known is no event', () =>
    given(repositoryDecider, registered, prepared)
      .when({ ...found, initialised: false })
      .then());
  test('of another place is news again', () =>
    given(repositoryDecider, registered, prepared, {
      type: 'repository-changed',
      data: { uuid, path: '/srv/other', ready: true },
    })
      .when({ ...found, initialised: false })
      .then({ type: 'repository-prepared', data: { ...prepared.data, initialised: false } }));
});

test('what is removed is gone', () => {
  given(repositoryDecider, registered).when({ do: 'remove' }).then(removed);
  given(repositoryDecider, registered, removed).when({ do: 'remove' }).refused({ code: 'not-found' });
  given(repositoryDecider).when({ do: 'change', changes: {} }).refused({ code: 'not-found' });
});
