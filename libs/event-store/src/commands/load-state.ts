import type { Decider, DomainEvent, RecordedEvent } from '@cyborgbackup/kernel';
import type { EventCodec } from '../codec/event-codec.ts';
import type { EventStore } from '../port/event-store.ts';

export interface LoadDeps {
  readonly store: EventStore;
  readonly codec: EventCodec;
}

export type Evolver<State, E extends DomainEvent> = Pick<Decider<State, never, E>, 'initialState' | 'evolve'>;

export interface LoadedState<State> {
  readonly state: State;
  /** Version of the stream's last event; 0 for a stream without events. */
  readonly version: number;
  /** Position of that event; undefined for a stream without events. */
  readonly position: bigint | undefined;
}

/** The domain event in a record. A stream holds the events of one decider only, and the codec has validated each of them. */
export const domainEvent = ({ type, data }: RecordedEvent): DomainEvent => ({ type, data });

/** A stream's state as of now. `onEvent` sees each event on the way. */
export const loadState = async <State, E extends DomainEvent>(
  { store, codec }: LoadDeps,
  decider: Evolver<State, E>,
  stream: string,
  onEvent?: (event: RecordedEvent) => void,
): Promise<LoadedState<State>> => {
  let state = decider.initialState;
  let version = 0;
  let position: bigint | undefined;
  for await (const recorded of store.readStream(stream)) {
    const event = await codec.decode(recorded);
    onEvent?.(event);
    state = decider.evolve(state, domainEvent(event) as E);
    ({ version, position } = event);
  }
  return { state, version, position };
};
