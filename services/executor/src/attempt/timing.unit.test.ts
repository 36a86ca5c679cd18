import { describe, expect, it } from 'vitest';
import { assertTakeoverTiming, TAKEOVER_TIMING, type TakeoverTiming } from './timing.ts';

/** More than the numbers leave to spare. */
const STEP_MILLIS = 5_000;

const DANGEROUS: readonly (readonly [keyof TakeoverTiming, 1 | -1])[] = [
  ['blindMillis', 1],
  ['tickMillis', 1],
  ['termToKillMillis', 1],
  ['heartbeatMillis', 1],
  ['watchMillis', 1],
  ['ackWaitMillis', -1],
  ['holderAnswerMillis', -1],
  ['fenceMillis', -1],
];

describe('the timing of a takeover', () => {
  it('lets an attempt that is cut off end before the next one starts', () => {
    expect(() => assertTakeoverTiming(TAKEOVER_TIMING)).not.toThrow();
  });

  it.each(DANGEROUS)('is refused when %s moves by five seconds in the direction %d', (name, direction) => {
    const moved = { ...TAKEOVER_TIMING, [name]: TAKEOVER_TIMING[name] + direction * STEP_MILLIS };
    expect(() => assertTakeoverTiming(moved)).toThrow('A job could run twice');
  });

  it('names every number that it depends on', () => {
    expect(DANGEROUS.map(([name]) => name).toSorted()).toEqual(Object.keys(TAKEOVER_TIMING).toSorted());
  });
});
