import type { Actor, DomainEvent, EncryptedValue, RecordedEvent } from '@cyborgbackup/kernel';

export const ADA = '5f0c8a52-0000-4000-8000-0000000000ad';
export const BOB = '5f0c8a52-0000-4000-8000-0000000000b0';

export const byUser = (id: string): Actor => ({ kind: 'user', id });
export const bySystem: Actor = { kind: 'system', id: 'executor' };

/** What a sealed field looks like once it is in the log. */
export const sealed = (value: string): EncryptedValue => ({ $encrypted: { subject: 'test', value } });

/** The nth event of its stream, in the nth second. */
export const recorded = (version: number, event: DomainEvent, actor: Actor = bySystem): RecordedEvent => ({
  ...event,
  id: `${version}`,
  schemaVersion: 1,
  stream: 'test',
  version,
  position: BigInt(version),
  hash: '',
  metadata: { actor, correlationId: 'c', causationId: 'c', occurredAt: secondOf(version) },
});

export const secondOf = (version: number): string => `2026-11-23T10:00:0${version}.123456Z`;
