import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entryFingerprint, type PlainEntry } from './entries.ts';
import { packedEntries, packEntries, unpackEntries } from './packed-entries.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const entry: fc.Arbitrary<PlainEntry> = fc.record({
  path: fc
    .array(fc.oneof(text, fc.constantFrom('a', '', '\udcff', 'é')), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join('/')),
  mode: fc.constantFrom('-rw-r--r--', 'drwxr-xr-x'),
  mtime: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  owner: fc.constantFrom('root', 'www'),
  group: fc.constantFrom('root', 'ü'),
  uid: fc.nat(),
  gid: fc.nat(),
  type: fc.constantFrom('-', 'd'),
  size: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  target: fc.constantFrom('', '../x', '\udc80'),
});

test('unpacks entries as they were packed, also after JSON', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
      const sent: unknown = JSON.parse(JSON.stringify(packEntries(entries)));
      expect(unpackEntries(packedEntries.parse(sent))).toEqual(entries);
    }),
  );
});

test('gives equal entries the same fingerprint and different entries different ones', () => {
  fc.assert(
    fc.property(entry, entry, (a, b) => {
      expect(entryFingerprint(a)).toBe(entryFingerprint({ ...a }));
      if (JSON.stringify(a) !== JSON.stringify(b)) expect(entryFingerprint(a)).not.toBe(entryFingerprint(b));
    }),
  );
});

test.each<[string, Partial<PlainEntry>, Partial<PlainEntry>]>([
  ['bytes that are not UTF-8', { path: 'a\udcff' }, { path: 'a\udcfe' }],
  ['path and target', { path: 'a', target: 'b' }, { path: 'ab', target: '' }],
  ['numbers', { uid: 1, gid: 12 }, { uid: 11, gid: 2 }],
])('gives different fingerprints to entries that differ in %s', (_name, one, other) => {
  const [sample] = fc.sample(entry, { numRuns: 1, seed: 1 });
  expect(entryFingerprint({ ...sample!, ...one })).not.toBe(entryFingerprint({ ...sample!, ...other }));
});

test.each([
  ['columns of different lengths', { size: [1] }],
  ['a folder that is not there', { folder: [3, 0] }],
])('refuses packed entries with %s', (_name, change) => {
  const pack = packEntries(fc.sample(entry, { numRuns: 2, seed: 1 }));
  expect(packedEntries.safeParse({ ...pack, ...change }).success).toBe(false);
});
