import type { ClientEvent, ClientFields } from '@cyborgbackup/contracts';
import { describe, expect, test } from 'vitest';
import { given } from '../testing/specification.ts';
import { clientDecider, comparableAddress } from './decider.ts';

const uuid = '5f0c8a52-0000-4000-8000-000000000001';
const fields: ClientFields = {
  hostname: 'web',
  ip: '',
  version: '',
  ready: true,
  hypervisor_ready: false,
  hypervisor_name: '',
  enabled: true,
  port: 22,
  bandwidth_limit: null,
  mark_as_to_update: false,
  behind_firewall: false,
};
const registered: ClientEvent = { type: 'client-registered', data: { ...fields, uuid, id: 4 } };
const removed: ClientEvent = { type: 'client-removed', data: { uuid, id: 4 } };
const register = { type: 'register', uuid, id: 4, fields } as const;

test('registers a client once', () => {
  given(clientDecider).when(register).then(registered);
  given(clientDecider, registered).when(register).refused({ code: 'conflict' });
  given(clientDecider, registered, removed).when(register).refused({ code: 'conflict' });
});

describe.each(['register', 'change'] as const)('a host name, to %s', (type) => {
  const send = (hostname: string, hostKey?: string) => {
    const [history, command] =
      type === 'register'
        ? ([[], { ...register, fields: { ...fields, hostname }, hostKey }] as const)
        : ([[registered], { type, changes: { hostname }, hostKey }] as const);
    return given(clientDecider, ...history).when(command);
  };
  test.each([
    '-oProxyCommand=touch /tmp/x',
    'web.example.com -oProxyCommand=x',
    'ssh://web.example.com',
    'root@web.example.com',
    'web.example.com:22',
    'web.example.com/x',
    'web\nweb2 ssh-ed25519 AAAA',
    '$(id)',
    'büro.example.com',
    '::1%eth0;id',
    '.',
  ])('refuses %j', (hostname) =>
    send(hostname).refused({
      code: 'validation',
      fields: { hostname: [expect.stringMatching(/^This is not a host name: write /)] },
    }),
  );
  test.each(['Web-1.example.com', 'my_host', '192.0.2.1', '2001:db8::1', '[2001:db8::1]'])('takes %j', (hostname) => {
    const data =
      type === 'register'
        ? ({ type: 'client-registered', data: { ...fields, hostname, uuid, id: 4 } } as const)
        : ({ type: 'client-changed', data: { uuid, hostname, ready: false } } as const);
    send(hostname).then(data);
  });
  test('refuses it together with a key that is none', () =>
    send('-x', 'no key').refused({
      fields: { hostname: [expect.any(String)], host_key: [expect.stringMatching(/^This is not a host key/)] },
    }));
});

describe('changing', () => {
  test('records the fields of a client that get another value', () =>
    given(clientDecider, registered)
      .when({ type: 'change', changes: { ...fields, bandwidth_limit: 100 } })
      .then({ type: 'client-changed', data: { uuid, bandwidth_limit: 100 } }));
  test('records no change of a client that changes nothing', () =>
    given(clientDecider, registered).when({ type: 'change', changes: fields }).then());
  test.each([{ hostname: 'db' }, { port: 2222 }])('marks a client with another address as not ready: %j', (changes) =>
    given(clientDecider, registered)
      .when({ type: 'change', changes })
      .then({ type: 'client-changed', data: { uuid, ...changes, ready: false } }),
  );
  test('keeps a client with another address ready when the caller says so', () =>
    given(clientDecider, registered)
      .when({ type: 'change', changes: { hostname: 'db', ready: true } })
      .then({ type: 'client-changed', data: { uuid, hostname: 'db' } }));
});

describe('a preparation', () => {
  const found = { type: 'prepared', version: '1.2.4', ready: true, ip: '192.0.2.1' } as const;
  const prepared: ClientEvent = {
    type: 'client-prepared',
    data: { uuid, version: '1.2.4', ready: true, ip: '192.0.2.1' },
  };
  test('records what a preparation of the client found', () =>
    given(clientDecider, registered).when(found).then(prepared));
  test('removes the mark of a client that was to be updated once it is prepared', () =>
    given(clientDecider, registered, prepared, { type: 'client-changed', data: { uuid, mark_as_to_update: true } })
      .when(found)
      .then(prepared));
  test('records no preparation that finds nothing new', () =>
    given(clientDecider, registered, prepared).when(found).then());
  test('records a preparation that does not know the IP address', () =>
    given(clientDecider, registered, prepared)
      .when({ type: 'prepared', version: '1.4.0', ready: true })
      .then({ type: 'client-prepared', data: { uuid, version: '1.4.0', ready: true } }));
});

describe('a preparation of the hypervisor', () => {
  const found = { type: 'hypervisor-prepared', isReady: true, name: 'pve-manager/8.2' } as const;
  const prepared: ClientEvent = {
    type: 'client-hypervisor-prepared',
    data: { uuid, hypervisor_ready: true, hypervisor_name: 'pve-manager/8.2' },
  };
  test('records once what a preparation of the hypervisor found', () => {
    given(clientDecider, registered).when(found).then(prepared);
    given(clientDecider, registered, prepared).when(found).then();
  });
  test('marks the hypervisor of another address as not ready', () =>
    given(clientDecider, registered, prepared)
      .when({ type: 'change', changes: { port: 2222 } })
      .then({ type: 'client-changed', data: { uuid, port: 2222, ready: false, hypervisor_ready: false } }));
});

test('refuses every command for a removed or unknown client', () => {
  given(clientDecider, registered).when({ type: 'remove' }).then(removed);
  for (const command of [
    { type: 'remove' },
    { type: 'change', changes: {} },
    { type: 'prepared', version: '', ready: true },
  ] as const) {
    given(clientDecider, registered, removed).when(command).refused({ code: 'not-found' });
    given(clientDecider).when(command).refused({ code: 'not-found' });
  }
});

test('compares addresses by host name without case, and by port', () => {
  expect(comparableAddress({ hostname: 'Web', port: 22 })).toBe(comparableAddress({ hostname: 'wEB', port: 22 }));
  expect(comparableAddress({ hostname: 'web', port: 22 })).not.toBe(comparableAddress({ hostname: 'web', port: 2 }));
});
