import type { DomainEvent, EventMetadata, RecordedEvent } from '@cyborgbackup/kernel';

/** An event with what folds read of its record. */
export type KnownEvent<E> = E & Pick<RecordedEvent, 'version'> & { readonly metadata: EventMetadata };

/**
 * The record of one of several events, in a form that is told apart by its type: a record of a union is no union of
 * records, though the type and the data of one event always belong together.
 */
export const knownEvent = <E extends DomainEvent>({ type, data, version, metadata }: RecordedEvent<E>): KnownEvent<E> =>
  ({ type, data, version, metadata }) as unknown as KnownEvent<E>;
