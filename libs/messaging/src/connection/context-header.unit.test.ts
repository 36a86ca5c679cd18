import fc from 'fast-check';
import { headers } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { contextHeaders, contextOf, expiryOf } from './context-header.ts';

const context = fc.record(
  {
    actor: fc.record({ kind: fc.constantFrom('user' as const, 'system' as const), id: fc.string({ unit: 'binary' }) }),
    correlationId: fc.string({ unit: 'binary' }),
    causationId: fc.string(),
    sourceAddress: fc.ipV6(),
  },
  { requiredKeys: ['actor', 'correlationId', 'causationId'] },
);

describe('the context header', () => {
  it('brings back what was put in, whatever characters that has', () => {
    fc.assert(
      fc.property(context, (sent) => {
        expect(contextOf(contextHeaders(sent), 'unknown')).toEqual(sent);
      }),
    );
  });

  it('is never trusted to be well-formed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.constant('{"actor":{"kind":"root","id":"0"}}')), (text) => {
        const received = headers();
        received.set('Cyborgbackup-Context', text);
        expect(contextOf(received, 'unknown').actor).toEqual({ kind: 'system', id: 'unknown' });
      }),
    );
    expect(contextOf(undefined, 'unknown').actor.id).toBe('unknown');
  });

  it('tells how long the sender waits, counted from now', () => {
    const sent = { actor: { kind: 'user', id: 'u' }, correlationId: 'c', causationId: 'd' } as const;
    expect(expiryOf(contextHeaders(sent, 1_500.2), 1_000)).toBe(2_501);
    expect(expiryOf(contextHeaders(sent), 1_000)).toBe(Infinity);
    expect(expiryOf(undefined, 1_000)).toBe(Infinity);
  });
});
