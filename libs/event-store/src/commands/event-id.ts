import { nameUuid } from '@cyborgbackup/kernel';

/** The namespace of all event ids made here. Never change it: retries would no longer meet their own events. */
const NAMESPACE = 'f3c0a9b4-7d1e-5c52-9a86-2b7b0f1f6c3d';

/**
 * The id of a command's nth event (from 0) in a stream: the same for every delivery of the command, so that a redelivered
 * command meets the events it already wrote.
 */
export const eventId = (commandId: string, stream: string, index: number): string =>
  nameUuid(NAMESPACE, `${commandId}/${stream}/${index}`);
