import { expect, test } from 'vitest';
import { fold } from './decider.ts';

test('fold applies events in order, starting from the initial state', () => {
  const evolve = (state: string, event: { type: 'added'; data: string }): string => state + event.data;
  const history = ['a', 'b', 'c'].map((data) => ({ type: 'added' as const, data }));
  expect(fold({ initialState: '>', evolve }, history)).toBe('>abc');
});
