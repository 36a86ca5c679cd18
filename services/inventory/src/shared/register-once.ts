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
  let answer: Written | undefined;
  for await (const { id, data, version, position } of store.readStream(stream)) {
    // The command's events are the stream's first ones; where one is, the others are too.
    if (id !== eventId(command_id, stream, version - 1)) {
      if (answer) break;
      throw new AppError('conflict', 'This uuid belongs to something else already: choose another one.');
    }
    answer = { uuid, id: answer?.id ?? registeredData.parse(data).id, version, position: position.toString() };
  }
  return answer;
};

/**
 * Makes a thing by the first events of its stream, appended at once, however often the command comes. The answer is read from the log,
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
