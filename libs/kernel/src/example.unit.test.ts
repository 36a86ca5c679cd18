import { expect, test } from 'vitest';
import { AppError, fold, type Decider } from './index.ts';

/** Quoted in README.md. */
interface DoorEvent {
  readonly type: 'door-opened' | 'door-closed';
  readonly data: Record<string, never>;
}

const door: Decider<'open' | 'closed', 'open' | 'close', DoorEvent> = {
  initialState: 'closed',
  decide: (command, state) => {
    if (command === 'close') return state === 'closed' ? [] : [{ type: 'door-closed', data: {} }];
    if (state === 'open') throw new AppError('conflict', 'The door is open already: close it first.');
    return [{ type: 'door-opened', data: {} }];
  },
  evolve: (_state, event) => (event.type === 'door-opened' ? 'open' : 'closed'),
};

test('the example of the README decides on the state that its events left', () => {
  const opened = door.decide('open', door.initialState);
  const state = fold(door, opened);
  expect(state).toBe('open');
  expect(() => door.decide('open', state)).toThrow(AppError);
  expect(fold(door, [...opened, ...door.decide('close', state)])).toBe('closed');
});
