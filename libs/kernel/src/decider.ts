import type { DomainEvent } from './event.ts';

/**
 * The whole of a domain object: three pure functions, no I/O.
 * `decide` throws an `AppError` when the state does not allow the command.
 */
export interface Decider<State, Command, E extends DomainEvent> {
  readonly initialState: State;
  readonly decide: (command: Command, state: State) => readonly E[];
  readonly evolve: (state: State, event: E) => State;
}

/** The state after a history of events. */
export const fold = <State, E extends DomainEvent>(
  decider: Pick<Decider<State, never, E>, 'initialState' | 'evolve'>,
  events: readonly E[],
): State => events.reduce(decider.evolve, decider.initialState);
