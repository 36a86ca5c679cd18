import { canonicalJson } from '@cyborgbackup/kernel';
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { sampleEvent } from '../testing/sample-events.ts';
import { eventText } from './hash-chain.ts';

it('hashes an event over the canonical form of the whole', () => {
  const event = sampleEvent({ z: 1, a: ['ü'] });
  const { id, type, schemaVersion, data, metadata } = event;
  const whole = canonicalJson({ id, type, schemaVersion, stream: 'sample-1', data, metadata });
  expect(eventText('sample-1', event).contentHash).toEqual(createHash('sha256').update(whole).digest());
});
