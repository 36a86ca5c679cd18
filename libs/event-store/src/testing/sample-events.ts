import { isoMicros, type NewEvent } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';

/** An event as the codec would hand it to the store. */
export const sampleEvent = (data: unknown = {}, id: string = randomUUID()): NewEvent => ({
  id,
  type: 'sample-happened',
  schemaVersion: 1,
  data,
  metadata: {
    actor: { kind: 'system', id: 'test' },
    correlationId: randomUUID(),
    causationId: randomUUID(),
    occurredAt: isoMicros(),
  },
});

export const sampleEvents = (count: number): NewEvent[] => Array.from({ length: count }, (_, n) => sampleEvent({ n }));

/** A stream that no other test writes to. */
export const sampleStream = (): string => `sample-${randomUUID()}`;

export const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};
