import { describe, expect, it } from 'vitest';
import { connectionOptions } from './nats-connection.ts';

describe('the NATS URL', () => {
  it('is taken apart, since the library ignores what stands before the host', () => {
    expect(connectionOptions('nats://a%2Fb@nats.example:5222', 'x')).toMatchObject({
      servers: 'nats.example:5222',
      token: 'a/b',
    });
    expect(connectionOptions('nats://u:p%40@[::1]', 'x')).toMatchObject({
      servers: '[::1]:4222',
      user: 'u',
      pass: 'p@',
    });
    expect(connectionOptions('nats://localhost', 'x')).not.toHaveProperty('token');
  });

  it('is not repeated when it is none', () => {
    for (const url of ['s3cret@host', 's3cret', '', 'nats://s3cret@']) {
      expect(() => connectionOptions(url, 'x')).toThrow(/^NATS_URL is not of the form nats:\/\/token@host:4222\.$/);
    }
  });
});
