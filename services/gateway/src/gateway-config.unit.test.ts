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
    CYBORGBACKUP_RATE_LIMIT: 500,
  });
});
