import { loadConfig } from '@cyborgbackup/kernel';
import { expect, test } from 'vitest';
import { allowedHostsOf, gatewayConfig } from './gateway-config.ts';

const hostsWith = (env: Record<string, string>): readonly string[] => allowedHostsOf(loadConfig(gatewayConfig, env));

test.each([
  [{}, ['localhost', '127.0.0.1', '[::1]']],
  [{ CYBORGBACKUP_LISTEN: '[::1]:8000' }, ['localhost', '127.0.0.1', '[::1]']],
  [{ CYBORGBACKUP_LISTEN: '0.0.0.0:8000' }, ['*']],
  [{ CYBORGBACKUP_ALLOWED_HOSTS: ' backup.example.com, .lan ,' }, ['backup.example.com', '.lan']],
])('with %j the gateway answers for the hosts %j', (env, hosts) => expect(hostsWith(env)).toEqual(hosts));

test('fills every variable with its default', () => {
  expect(loadConfig(gatewayConfig, {})).toEqual({
    CYBORGBACKUP_LISTEN: { host: '127.0.0.1', port: 8000 },
    CYBORGBACKUP_CORS_ORIGINS: [],
    CYBORGBACKUP_TRUSTED_PROXIES: [],
    CYBORGBACKUP_RATE_LIMIT: 500,
  });
});

test('names a trusted proxy that is no network', () => {
  const load = (text: string) => loadConfig(gatewayConfig, { CYBORGBACKUP_TRUSTED_PROXIES: text });
  expect(load('10.0.0.0/8, ::1').CYBORGBACKUP_TRUSTED_PROXIES).toEqual(['10.0.0.0/8', '::1']);
  expect(() => load('10.0.0.0/8, proxy.example.com')).toThrow(
    '"proxy.example.com" is neither an address nor a network',
  );
});
