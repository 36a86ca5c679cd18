import { expect, it } from 'vitest';
import { comparableHost, hostKeyStream } from './host-key.ts';

it.each([
  ['NAS.Example.com.', 'nas.example.com'],
  ['web_1', 'web_1'],
  ['10.0.0.7', '10.0.0.7'],
  ['10.7', '10.0.0.7'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['[2001:db8::0001]', '2001:db8::1'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['[::FFFF:a00:7]', '10.0.0.7'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['10.0.0.700', '10.0.0.700'],
])('takes %s for the host %s', (host, same) => {
  expect(comparableHost(host)).toBe(same);
  expect(hostKeyStream(host, 22)).toBe(`host-key-${same}:22`);
});
