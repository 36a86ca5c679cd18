import { canonicalJson } from '@cyborgbackup/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalText } from './canonical-text.ts';
import { eventText } from './hash-chain.ts';
import { sampleEvent } from '../testing/sample-events.ts';
import { createHash } from 'node:crypto';

it('is RFC 8785 for all that the RFC allows', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => canonicalText(value) === canonicalJson(value)),
  );
});

it('keeps lone surrogates, in values and keys', () => {
  const value = { '\udcff': ['/srv/\udc80', { '\ud800x': 1 }] };
  expect(canonicalText(value)).toBe(String.raw`{"\udcff":["/srv/\udc80",{"\ud800x":1}]}`);
  expect(JSON.parse(canonicalText(value))).toEqual(value);
});

it('leaves out undefined members and refuses what would not come back', () => {
  expect(canonicalText({ b: undefined, a: 1 })).toBe('{"a":1}');
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
    expect(() => canonicalText(value)).toThrow(TypeError);
  }
});

it('an event is hashed over the canonical form of the whole', () => {
  const event = sampleEvent({ z: 1, a: ['ü'] });
  const { id, type, schemaVersion, data, metadata } = event;
  const whole = canonicalJson({ id, type, schemaVersion, stream: 'sample-1', data, metadata });
  expect(eventText('sample-1', event).contentHash).toEqual(createHash('sha256').update(whole).digest());
});
