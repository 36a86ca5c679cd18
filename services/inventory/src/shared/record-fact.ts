import { eventId, type AppendResult, type CommandDeps } from '@cyborgbackup/event-store';
import { currentContext, systemContext, type DomainEvent } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';

/**
 * Appends an event that depends on nothing in its stream, without reading that: some streams only ever grow.
 * @returns its version and position
 */
export const recordFact = async (
  { store, codec, service = 'system' }: CommandDeps,
  stream: string,
  fact: DomainEvent,
): Promise<AppendResult> => {
  const context = currentContext() ?? systemContext(service);
  const event = await codec.encode(fact, { id: eventId(randomUUID(), stream, 0), context });
  return store.append(stream, [event], 'any');
};
