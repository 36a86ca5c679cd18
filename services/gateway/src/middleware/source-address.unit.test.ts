import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSourceAddress, networkOf, parseNetwork, plainAddress } from './source-address.ts';

const PROXIES = ['10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48'];
const sourceOf = createSourceAddress(PROXIES);

test.each([
  // No proxy: nobody believes the header.
  ['198.51.100.1', '', '198.51.100.1'],
  ['198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['::ffff:198.51.100.1', '', '198.51.100.1'],
  // Behind one proxy, two proxies, proxies only.
  ['10.1.2.3', '203.0.113.9', '203.0.113.9'],
  ['::ffff:10.1.2.3', '203.0.113.9', '203.0.113.9'],
  ['10.1.2.3', '203.0.113.9, 192.0.2.7', '203.0.113.9'],
  ['10.1.2.3', '10.9.9.9, 192.0.2.7', '10.9.9.9'],
  ['10.1.2.3', '', '10.1.2.3'],
  // What the sender made up stands before what the proxy wrote.
  ['10.1.2.3', '127.0.0.1, 10.0.0.1, 203.0.113.9', '203.0.113.9'],
  ['10.1.2.3', 'unknown, 203.0.113.9', '203.0.113.9'],
  // Nothing is known beyond what is no address.
  ['10.1.2.3', '203.0.113.9, unknown', '10.1.2.3'],
  ['10.1.2.3', '203.0.113.9,', '10.1.2.3'],
  ['10.1.2.3', '203.0.113.9, unknown, 192.0.2.7', '192.0.2.7'],
  // Ports, IPv6, spellings.
  ['10.1.2.3', '203.0.113.9:4711', '203.0.113.9'],
  ['2001:DB8:1::5', '[2001:DB8:2:0::9]:4711', '2001:db8:2::9'],
  ['2001:db8:1::5', '2001:db8:2::9', '2001:db8:2::9'],
  ['10.1.2.3', '::ffff:cb00:7109', '203.0.113.9'],
  ['fe80::1%eth0', '203.0.113.9', 'fe80::1'],
])('a request of %s with X-Forwarded-For "%s" comes from %s', (peer, header, source) =>
  expect(sourceOf(peer, header)).toBe(source),
);

test('without trusted proxies the peer is the source, whatever the header says', () => {
  const believeNobody = createSourceAddress([]);
  fc.assert(
    fc.property(fc.ipV4(), fc.string(), (peer, header) => {
      expect(believeNobody(peer, header)).toBe(peer);
    }),
  );
});

test('no header makes a sender behind a proxy appear as another address', () => {
  fc.assert(
    fc.property(fc.string(), (made) => {
      expect(sourceOf('10.1.2.3', `${made}, 203.0.113.9`)).toBe('203.0.113.9');
    }),
  );
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:0:ffff::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
  ['::1', '0:0:0:0::/64'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4::/64'],
  ['', ''],
])('%s counts as %s', (address, network) => expect(networkOf(address)).toBe(network));

test('an IPv6 address has one spelling', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const plain = plainAddress(address) ?? '';
      expect(plainAddress(address.toUpperCase())).toBe(plain);
      expect(plainAddress(plain)).toBe(plain);
    }),
  );
});

test.each(['10.0.0.0/33', '::/129', 'example.com', '10.0.0/8', '10.0.0.0/', '/8', ''])('%j is no network', (text) =>
  expect(parseNetwork(text)).toBeUndefined(),
);
