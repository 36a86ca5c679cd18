import { POLICY_DEFAULTS, type PolicyEvent, type PolicyFields } from '@cyborgbackup/contracts';
import { describe, expect, test } from 'vitest';
import { sealed } from '../testing/recorded.ts';
import { given } from '../testing/specification.ts';
import { policyDecider } from './decider.ts';

const uuid = '5f0c8a52-0000-4000-8000-000000000001';
const fields: PolicyFields = {
  name: 'All',
  extra_vars: '',
  clients: [1, 2],
  repository: 3,
  schedule: 5,
  policy_type: 'rootfs',
  keep_hourly: null,
  keep_daily: 7,
  keep_weekly: null,
  keep_monthly: null,
  keep_yearly: null,
  vmprovider: '',
  mode_pull: false,
  enabled: true,
  prehook: '',
  posthook: '',
  ...POLICY_DEFAULTS,
};
const registered: PolicyEvent = {
  type: 'policy-registered',
  data: { ...fields, extra_vars: sealed('1'), prehook: sealed('2'), posthook: sealed('3'), uuid, id: 4 },
};
const removed: PolicyEvent = { type: 'policy-removed', data: { uuid, id: 4 } };
const known = { clients: [], repository: [], schedule: [], drill_schedule: [] };
const register = { type: 'register', uuid, id: 4, fields, unknown: known } as const;

describe('registering', () => {
  test('registers a new policy', () =>
    given(policyDecider)
      .when(register)
      .then({ type: 'policy-registered', data: { ...fields, uuid, id: 4 } }));
  test('takes a client that is named twice for one', () =>
    given(policyDecider)
      .when({ ...register, fields: { ...fields, clients: [2, 1, 2] } })
      .then({ type: 'policy-registered', data: { ...fields, clients: [2, 1], uuid, id: 4 } }));
  test('names everything that is wrong with a new policy at once', () =>
    given(policyDecider)
      .when({
        ...register,
        fields: { ...fields, extra_vars: 'x' },
        unknown: { clients: [8, 9], repository: [3], schedule: [], drill_schedule: [6] },
      })
      .refused({
        code: 'validation',
        fields: {
          clients: ['Invalid pk "8" - object does not exist.', 'Invalid pk "9" - object does not exist.'],
          repository: ['Invalid pk "3" - object does not exist.'],
          drill_schedule: ['Invalid pk "6" - object does not exist.'],
          extra_vars: [expect.stringContaining('not a JSON object')],
        },
      }));
});

describe('virtual machines', () => {
  const vm = (vmprovider: string) =>
    given(policyDecider).when({ ...register, fields: { ...fields, policy_type: 'vm', vmprovider } });
  test.each(['libvirt', 'proxmox'])('accepts %s as the provider of a policy of virtual machines', (vmprovider) =>
    vm(vmprovider).then({
      type: 'policy-registered',
      data: { ...fields, policy_type: 'vm', vmprovider, uuid, id: 4 },
    }),
  );
  test.each(['', 'vmware', 'toString'])('refuses %j as the provider of a policy of virtual machines', (vmprovider) =>
    vm(vmprovider).refused({ fields: { vmprovider: [expect.stringContaining('libvirt, proxmox')] } }),
  );
});

test('can disable a policy of a provider that does not exist any more', () => {
  const old: PolicyEvent = {
    type: 'policy-registered',
    data: { ...registered.data, policy_type: 'vm', vmprovider: 'vmware' } as never,
  };
  given(policyDecider, old)
    .when({ type: 'change', changes: { enabled: false }, variables: '', unknown: known })
    .then({ type: 'policy-changed', data: { uuid, enabled: false } });
  given(policyDecider, old)
    .when({ type: 'change', changes: { vmprovider: 'xen' }, variables: '', unknown: known })
    .refused({ fields: { vmprovider: [expect.any(String)] } });
});

describe('changing', () => {
  const change = (changes: Partial<PolicyFields>, variables = '') =>
    given(policyDecider, registered).when({ type: 'change', changes, variables, unknown: known });
  test('records the fields of a policy that get another value', () =>
    change({ clients: [1, 2], repository: 3, keep_daily: null }).then({
      type: 'policy-changed',
      data: { uuid, keep_daily: null },
    }));
  test('records another order of clients', () =>
    change({ clients: [2, 1] }).then({ type: 'policy-changed', data: { uuid, clients: [2, 1] } }));
  test('requires the variables of a policy’s new type', () =>
    change({ policy_type: 'piped' }, '{}').refused({ fields: { extra_vars: [expect.stringContaining('command')] } }));
  test('accepts a new type whose variables are there already', () =>
    change({ policy_type: 'piped' }, '{"command":"date"}').then({
      type: 'policy-changed',
      data: { uuid, policy_type: 'piped' },
    }));
  test('changes other fields of a policy whose variables were wrong before', () =>
    change({ name: 'New' }, 'not json').then({ type: 'policy-changed', data: { uuid, name: 'New' } }));
  test('refuses a change that names an unknown id', () =>
    given(policyDecider, registered)
      .when({ type: 'change', changes: { schedule: 9 }, variables: '', unknown: { ...known, schedule: [9] } })
      .refused({ fields: { schedule: ['Invalid pk "9" - object does not exist.'] } }));
});

test('removes a policy once', () => {
  given(policyDecider, registered).when({ type: 'remove' }).then(removed);
  given(policyDecider, registered, removed).when({ type: 'remove' }).refused({ code: 'not-found' });
});
