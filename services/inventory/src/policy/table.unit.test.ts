import { POLICY_DEFAULTS } from '@cyborgbackup/contracts';
import { foldEvents } from '@cyborgbackup/projections';
import { expect, test } from 'vitest';
import { ADA, byUser, recorded, sealed, secondOf } from '../testing/recorded.ts';
import { policies } from './table.ts';

const uuid = '5f0c8a52-0000-4000-8000-000000000001';
const fields = {
  name: 'All',
  extra_vars: sealed('1'),
  clients: [2, 1],
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
  prehook: sealed('before'),
  posthook: sealed('after'),
  ...POLICY_DEFAULTS,
};
const registered = recorded(1, { type: 'policy-registered', data: { ...fields, uuid, id: 4 } }, byUser(ADA));
const row = {
  ...fields,
  uuid,
  id: 4,
  created: secondOf(1),
  modified: secondOf(1),
  created_by: ADA,
  modified_by: ADA,
  revision: 1,
};

test('keeps the order of a policy’s clients, and its secrets sealed', () => {
  expect(foldEvents(policies, [registered])).toEqual([row]);
});

test('empties a field of a policy and replaces secrets', () => {
  const emptied = recorded(2, { type: 'policy-changed', data: { uuid, keep_daily: null, clients: [] } });
  const secrets = { extra_vars: sealed('2'), posthook: sealed('3') };
  const varied = recorded(3, { type: 'policy-changed', data: { uuid, ...secrets } });
  expect(foldEvents(policies, [registered, emptied, varied])).toEqual([
    { ...row, keep_daily: null, clients: [], ...secrets, modified: secondOf(3), revision: 3 },
  ]);
});

test.each(['extra_vars', 'prehook', 'posthook'])('lets no %s in clear into the table', (name) => {
  const open = recorded(2, { type: 'policy-changed', data: { uuid, [name]: 'x' } });
  expect(() => foldEvents(policies, [registered, open])).toThrow('not sealed');
});

test('removes the row of a removed policy', () => {
  const removed = recorded(2, { type: 'policy-removed', data: { uuid, id: 4 } });
  expect(foldEvents(policies, [registered, removed])).toEqual([]);
});
