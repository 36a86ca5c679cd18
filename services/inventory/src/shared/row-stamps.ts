import { isEncrypted } from '@cyborgbackup/event-store';
import type { EncryptedValue, EventMetadata, RecordedEvent, Sealed } from '@cyborgbackup/kernel';
import type { RowStamps } from '@cyborgbackup/read-models';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const userOf = ({ actor }: EventMetadata): string | null =>
  actor.kind === 'user' && UUID.test(actor.id) ? actor.id : null;

export const firstStamps = ({ metadata, version }: RecordedEvent): RowStamps => ({
  created: metadata.occurredAt,
  modified: metadata.occurredAt,
  created_by: userOf(metadata),
  modified_by: userOf(metadata),
  revision: version,
});

/** A change by the system moves the time on, and leaves the person who made the last change. */
export const nextStamps = ({ metadata, version }: RecordedEvent): Partial<RowStamps> => {
  const user = userOf(metadata);
  return { modified: metadata.occurredAt, revision: version, ...(user === null ? {} : { modified_by: user }) };
};

type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** The fields that a change names. */
export const definedFields = <T extends object>(changes: T): Defined<T> =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Defined<T>;

/** A secret as events have it once they are written. It throws rather than let a plain one into a table. */
export const sealedOnly = (value: Sealed): EncryptedValue => {
  if (!isEncrypted(value)) throw new TypeError('A secret in an event is not sealed');
  return value;
};
