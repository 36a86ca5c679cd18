import { expect, test } from 'vitest';
import { readable, withReadableTexts } from './readable.ts';

test.each([
  ['plain text, with \u{1f600} and ümlauts', 'plain text, with \u{1f600} and ümlauts'],
  ['bad\udcffname', 'bad\uFFFDname'],
  ['half \ud83d', 'half \uFFFD'],
  ['nul \0', 'nul \uFFFD'],
])('%j is %j for people', (text, shown) => expect(readable(text)).toBe(shown));

test('texts are found wherever they are', () => {
  const value = { a: ['x\udc80', { b: 'y\0' }], n: 1, f: false, none: null };
  expect(withReadableTexts(value)).toEqual({ a: ['x\uFFFD', { b: 'y\uFFFD' }], n: 1, f: false, none: null });
});
