import { integerId, type Written } from '@cyborgbackup/contracts';
import { eventId, type EventStore } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import { z } from 'zod';

/** What every command that makes a thing brings along: both are the caller's choice. */
export interface Creation {
  readonly uuid: string;
  readonly command_id: string;
}

const registeredData = z.object({ id: integerId });

const whatWasRegistered = async (
  store: EventStore,
  stream: string,
  { uuid, command_id }: Creation,
): Promise<Written | undefined> => {
  const first = await store.readStream(stream)[Symbol.asyncIterator]().next();
  if (first.done) return undefined;
  if (first.value.id !== eventId(command_id, stream, 0)) {
    throw new AppError('conflict', 'This uuid belongs to something else already: choose another one.');
  }
  const { data, version, position } = first.value;
  return { uuid, id: registeredData.parse(data).id, version, position: position.toString() };
};

/**
 * Makes a thing by one event, the first of its stream, however often the command comes. The answer is read from the log,
 * so that a repetition, also one at the same moment, gets the first one's id and not the one it has drawn itself.
 * @throws AppError `conflict` when another command made something with this uuid
 */
export const registerOnce = async (
  store: EventStore,
  stream: string,
  creation: Creation,
  make: () => Promise<unknown>,
): Promise<Written> => {
  const before = await whatWasRegistered(store, stream, creation);
  if (before) return before;
  await make();
  const made = await whatWasRegistered(store, stream, creation);
  if (!made) throw new AppError('internal', `Nothing was written to ${stream}.`);
  return made;
};
