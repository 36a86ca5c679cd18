import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isNestedTooDeeply, MAX_JSON_DEPTH } from './json-depth.ts';

const nested = (levels: number, value = '1'): string =>
  `${'[{"a":'.repeat(levels / 2)}${value}${'}]'.repeat(levels / 2)}`;

/** By recursion, which is what the limit protects. */
const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

test('nesting up to the limit is taken, one level more is not', () => {
  expect(isNestedTooDeeply(nested(MAX_JSON_DEPTH))).toBe(false);
  expect(isNestedTooDeeply(nested(MAX_JSON_DEPTH, '[]'))).toBe(true);
  expect(isNestedTooDeeply(nested(1_000_000))).toBe(true);
  expect(isNestedTooDeeply('['.repeat(1_000_000))).toBe(true);
});

test('brackets in texts are no nesting', () => {
  expect(isNestedTooDeeply(JSON.stringify({ a: '['.repeat(100), b: '\\"[['.repeat(50) }))).toBe(false);
  expect(isNestedTooDeeply(JSON.stringify({ ['{'.repeat(100)]: '\\' }))).toBe(false);
});

test('says of any JSON what counting by recursion says', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(35), (value, levels) => {
      let deep: unknown = value;
      for (let level = 0; level < levels; level += 1) deep = level % 2 ? [deep] : { '"]': deep };
      expect(isNestedTooDeeply(JSON.stringify(deep))).toBe(depthOf(deep) > MAX_JSON_DEPTH);
    }),
  );
});
