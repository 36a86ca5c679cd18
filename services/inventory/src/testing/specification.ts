import { fold, type Decider, type DomainEvent } from '@cyborgbackup/kernel';
import { expect } from 'vitest';

interface Outcome<E> {
  /** Exactly these events, in order; none at all by default. */
  then(...events: E[]): void;
  /** Refused, with an error that has at least this. */
  refused(error: object): void;
}

/** `given(decider, …history).when(command).then(…events)`. */
export const given = <State, Command, E extends DomainEvent>(
  decider: Decider<State, Command, E>,
  ...history: E[]
): { when(command: Command): Outcome<E>; state: State } => {
  const state = fold(decider, history);
  return {
    state,
    when: (command) => {
      const decide = (): readonly E[] => decider.decide(command, state);
      return {
        then: (...events) => expect(decide()).toEqual(events),
        refused: (error) => expect(decide).toThrow(expect.objectContaining(error)),
      };
    },
  };
};
