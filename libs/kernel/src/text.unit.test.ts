import { expect, it, test } from 'vitest';
import { listNames, readable, withReadableTexts } from './text.ts';

test.each([
  ['plain text, with \u{1f600} and ümlauts', 'plain text, with \u{1f600} and ümlauts'],
  ['bad\udcffname', 'bad\uFFFDname'],
  ['half \ud83d', 'half \uFFFD'],
  ['nul \0', 'nul \uFFFD'],
])('%j reads as %j', (text, expected) => expect(readable(text)).toBe(expected));

it('makes every text in plain data readable', () => {
  const value = { a: ['x\udc80', { b: 'y\0' }], n: 1, f: false, none: null };
  expect(withReadableTexts(value)).toEqual({ a: ['x\uFFFD', { b: 'y\uFFFD' }], n: 1, f: false, none: null });
});

test.each([
  [[], ''],
  [['a', 'b'], 'a, b'],
  [['a', 'b', 'c', 'd'], 'a, b and 2 more'],
])('of the names %j at most two are listed: %j', (names, text) => expect(listNames(names, 2)).toBe(text));
