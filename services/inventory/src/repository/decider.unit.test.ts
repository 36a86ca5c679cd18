import { SECRET_MASK, type RepositoryEvent, type RepositoryFields } from '@cyborgbackup/contracts';
import { describe, expect, test } from 'vitest';
import { sealed } from '../testing/recorded.ts';
import { given } from '../testing/specification.ts';
import { repositoryDecider } from './decider.ts';

const uuid = '5f0c8a52-0000-4000-8000-000000000001';
const fields: RepositoryFields = {
  name: 'Main',
  path: 'borg@nas:/srv/repo',
  repository_key: 'secret',
  ready: true,
  enabled: true,
  check_schedule: null,
  integrity_schedule: null,
  remote_path: 'borg',
};
const keyPair = { public_key: 'ssh-ed25519 AAAA cyborgbackup-repository-4', private_key: 'PEM' };
const none = { check_schedule: [], integrity_schedule: [] };
const registered: RepositoryEvent = {
  type: 'repository-registered',
  data: { ...fields, repository_key: sealed('1'), uuid, id: 4 },
};
const prepared: RepositoryEvent = {
  type: 'repository-prepared',
  data: {
    uuid,
    ready: true,
    borg_id: 'ab',
    encryption: 'repokey-blake2',
    initialised: true,
    own_key: true,
    key_installed: false,
  },
};
const generated: RepositoryEvent = { type: 'repository-ssh-key-generated', data: { uuid, ...keyPair } };
const removed: RepositoryEvent = { type: 'repository-removed', data: { uuid, id: 4 } };
const register = { type: 'register', uuid, id: 4, fields, keyPair, unknown: none } as const;

describe('registering', () => {
  test('registers a repository with a key pair of its own; its secrets are in clear, since the codec seals them', () =>
    given(repositoryDecider)
      .when(register)
      .then({ type: 'repository-registered', data: { ...fields, uuid, id: 4 } }, generated));
  test('registers one repository for a uuid', () =>
    given(repositoryDecider, registered).when(register).refused({ code: 'conflict' }));
  test('refuses to register a path that is no repository’s', () =>
    given(repositoryDecider)
      .when({ ...register, fields: { ...fields, path: 'nas:repo' } })
      .refused({ code: 'validation', fields: { path: [expect.stringContaining('user@host:path')] } }));
  test('names schedules that do not exist together with everything else that is wrong', () =>
    given(repositoryDecider)
      .when({ ...register, fields: { ...fields, path: '' }, unknown: { check_schedule: [7], integrity_schedule: [8] } })
      .refused({
        fields: {
          path: [expect.any(String)],
          check_schedule: ['Invalid pk "7" - object does not exist.'],
          integrity_schedule: ['Invalid pk "8" - object does not exist.'],
        },
      }));
  test('refuses the mask as the passphrase of a new repository', () =>
    given(repositoryDecider)
      .when({ ...register, fields: { ...fields, repository_key: SECRET_MASK } })
      .refused({ code: 'validation', fields: { repository_key: [expect.any(String)] } }));
});

describe('the key of a repository’s host', () => {
  const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGaanXae9UfxBOBtgCDksAkWjIsGv2YVujUy9ztaMoeR';
  test('takes a host key beside the path, and leaves it out of the repository', () => {
    given(repositoryDecider)
      .when({ ...register, hostKey })
      .then({ type: 'repository-registered', data: { ...fields, uuid, id: 4 } }, generated);
    given(repositoryDecider, registered).when({ type: 'change', changes: {}, unknown: none, hostKey }).then();
  });
  test('refuses a text that is no host key', () =>
    given(repositoryDecider)
      .when({ ...register, hostKey: 'none' })
      .refused({ fields: { host_key: [expect.stringMatching(/^This is not a host key/)] } }));
  test('refuses a host key for a local repository', () => {
    const refusal = { fields: { host_key: [expect.stringContaining('its path is local')] } };
    given(repositoryDecider)
      .when({ ...register, fields: { ...fields, path: '/srv/repo' }, hostKey })
      .refused(refusal);
    given(repositoryDecider, registered)
      .when({ type: 'change', changes: { path: '/srv/repo' }, unknown: none, hostKey })
      .refused(refusal);
  });
});

describe('changing', () => {
  const change = (changes: Partial<RepositoryFields>) =>
    given(repositoryDecider, registered, prepared).when({ type: 'change', changes, unknown: none });
  test('keeps the passphrase when the mask is sent', () => change({ ...fields, repository_key: SECRET_MASK }).then());
  test('marks a repository with another passphrase as not ready, whatever its sender says', () =>
    change({ repository_key: 'new', ready: true }).then({
      type: 'repository-changed',
      data: { uuid, repository_key: 'new', ready: false },
    }));
  test('marks a repository with another path as not ready', () =>
    change({ path: '/srv/other' }).then({
      type: 'repository-changed',
      data: { uuid, path: '/srv/other', ready: false },
    }));
  test('marks a repository that another program serves as not ready, since it wants another line', () => {
    change({ remote_path: 'borg-1.4' }).then({
      type: 'repository-changed',
      data: { uuid, remote_path: 'borg-1.4', ready: false },
    });
    change({ remote_path: 'borg' }).then();
  });
  test('keeps a repository with the same path ready', () => change({ path: fields.path }).then());
  test('keeps a repository with another path ready when its sender says so', () =>
    change({ path: '/srv/other', ready: true }).then({
      type: 'repository-changed',
      data: { uuid, path: '/srv/other' },
    }));
  test('refuses to change to a path that is no repository’s', () =>
    change({ path: 'file:///x' }).refused({ code: 'validation' }));
  test('refuses to change to a schedule that does not exist', () =>
    given(repositoryDecider, registered)
      .when({ type: 'change', changes: { check_schedule: 9 }, unknown: { ...none, check_schedule: [9] } })
      .refused({ fields: { check_schedule: [expect.any(String)] } }));
  test('plans checks and gives them up again', () => {
    change({ check_schedule: 9 }).then({ type: 'repository-changed', data: { uuid, check_schedule: 9 } });
    change({ integrity_schedule: null }).then();
  });
});

describe('a preparation', () => {
  const found = {
    ...({ type: 'prepared', ready: true, borgId: 'ab', encryption: 'repokey-blake2' } as const),
    ...{ ownKey: true, keyInstalled: false },
  };
  test('records what a preparation found', () =>
    given(repositoryDecider, registered)
      .when({ ...found, initialised: true })
      .then(prepared));
  test('records no preparation that finds what is known', () =>
    given(repositoryDecider, registered, prepared)
      .when({ ...found, initialised: false })
      .then());
  test('records a preparation that finds the host without the repository’s key', () =>
    given(repositoryDecider, registered, prepared)
      .when({ ...found, ownKey: false, initialised: false })
      .then({ type: 'repository-prepared', data: { ...prepared.data, own_key: false, initialised: false } }));
  test('records that it installed the repository’s key, whatever else it found', () =>
    given(repositoryDecider, registered, prepared)
      .when({ ...found, keyInstalled: true, initialised: false })
      .then({ type: 'repository-prepared', data: { ...prepared.data, key_installed: true, initialised: false } }));
  test('records the first preparation of another path', () =>
    given(repositoryDecider, registered, prepared, {
      type: 'repository-changed',
      data: { uuid, path: '/srv/other', ready: true },
    })
      .when({ ...found, initialised: false })
      .then({ type: 'repository-prepared', data: { ...prepared.data, initialised: false } }));
});

describe('keys', () => {
  test('takes a new key pair for one that the host does not know yet', () => {
    given(repositoryDecider, registered, generated, prepared)
      .when({ type: 'replace-key-pair', keyPair })
      .then(generated);
    given(repositoryDecider, registered, prepared, generated)
      .when({
        type: 'prepared',
        ready: true,
        borgId: 'ab',
        encryption: 'repokey-blake2',
        ownKey: true,
        keyInstalled: false,
        initialised: false,
      })
      .then({ type: 'repository-prepared', data: { ...prepared.data, initialised: false } });
  });
  test('keeps the escrow copy of a path that was left', () => {
    const escrowed: RepositoryEvent = { type: 'repository-key-escrowed', data: { uuid, borg_id: 'ab', key: 'K' } };
    given(repositoryDecider, registered).when({ type: 'escrow', borgId: 'ab', key: 'K' }).then(escrowed);
    const moved: RepositoryEvent = { type: 'repository-changed', data: { uuid, path: '/srv/other' } };
    expect(given(repositoryDecider, registered, escrowed, moved).state?.escrow).toEqual({ borgId: 'ab', key: 'K' });
  });
});

test('removes a repository once', () => {
  given(repositoryDecider, registered).when({ type: 'remove' }).then(removed);
  given(repositoryDecider, registered, removed).when({ type: 'remove' }).refused({ code: 'not-found' });
  given(repositoryDecider).when({ type: 'change', changes: {}, unknown: none }).refused({ code: 'not-found' });
});
