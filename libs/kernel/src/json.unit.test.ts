import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from './json.ts';

it('writes RFC 8785 for all that the RFC allows', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => canonicalJson(value) === canonicalize(value)),
  );
});

it('keeps lone surrogates in values and in keys', () => {
  const value = { '\udcff': ['/srv/\udc80', { '\ud800x': 1 }] };
  expect(canonicalJson(value)).toBe(String.raw`{"\udcff":["/srv/\udc80",{"\ud800x":1}]}`);
  expect(JSON.parse(canonicalJson(value))).toEqual(value);
});

it('leaves out undefined members and refuses what would not come back', () => {
  expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
  for (const value of [
    NaN,
    Infinity,
    1n,
    undefined,
    [undefined],
    { f: () => 1 },
    new Date(),
    new Map(),
    Buffer.from('x'),
  ]) {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  }
});
