import { foldEvents } from '@cyborgbackup/projections';
import { expect, test } from 'vitest';
import { ADA, BOB, bySystem, byUser, recorded, secondOf } from '../testing/recorded.ts';
import { clients } from './table.ts';

const uuid = '5f0c8a52-0000-4000-8000-000000000001';
const fields = {
  hostname: 'web',
  ip: '',
  version: '',
  ready: false,
  hypervisor_ready: false,
  hypervisor_name: '',
  enabled: true,
  port: 22,
  bandwidth_limit: null,
  mark_as_to_update: false,
  behind_firewall: false,
};
const registered = recorded(1, { type: 'client-registered', data: { ...fields, uuid, id: 4 } }, byUser(ADA));
const row = {
  ...fields,
  host_key_stream: 'host-key-web:22',
  uuid,
  id: 4,
  created: secondOf(1),
  modified: secondOf(1),
  created_by: ADA,
  modified_by: ADA,
  revision: 1,
};

test('shows who made a client and who changed it last', () => {
  expect(foldEvents(clients, [registered])).toEqual([row]);
  const changed = recorded(2, { type: 'client-changed', data: { uuid, bandwidth_limit: 5 } }, byUser(BOB));
  expect(foldEvents(clients, [registered, changed])).toEqual([
    { ...row, bandwidth_limit: 5, modified: secondOf(2), modified_by: BOB, revision: 2 },
  ]);
});

test('finds the pin of its host under every spelling, also after a change of the address', () => {
  const changed = recorded(2, { type: 'client-changed', data: { uuid, hostname: '[2001:DB8:0::1]', port: 23 } });
  expect(foldEvents(clients, [registered, changed])).toMatchObject([{ host_key_stream: 'host-key-2001:db8::1:23' }]);
});

test('takes a preparation for a change, and keeps the person who made the last one', () => {
  const found = { version: '1.2.4', ready: true };
  const prepared = recorded(2, { type: 'client-prepared', data: { uuid, ...found } }, bySystem);
  expect(foldEvents(clients, [registered, prepared])).toEqual([
    { ...row, ...found, modified: secondOf(2), revision: 2 },
  ]);
});

test('takes a preparation of the hypervisor for a change by the system', () => {
  const found = { hypervisor_ready: true, hypervisor_name: 'libvirt 9.0.0' };
  const prepared = recorded(2, { type: 'client-hypervisor-prepared', data: { uuid, ...found } }, bySystem);
  expect(foldEvents(clients, [registered, prepared])).toEqual([
    { ...row, ...found, modified: secondOf(2), revision: 2 },
  ]);
});

test('names no user of a client that the system made', () => {
  const [made] = foldEvents(clients, [{ ...registered, metadata: { ...registered.metadata, actor: bySystem } }]);
  expect(made).toMatchObject({ created_by: null, modified_by: null });
});

test('removes the row of a removed client for good', () => {
  const removed = recorded(2, { type: 'client-removed', data: { uuid, id: 4 } });
  const late = recorded(3, { type: 'client-prepared', data: { uuid, version: '1', ready: true } });
  expect(foldEvents(clients, [registered, removed, late])).toEqual([]);
});
