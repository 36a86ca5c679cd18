import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeBytes, exactPath, nameOf } from './path-bytes.ts';

test('bytes that are not UTF-8 are escaped one by one', () => {
  expect(escapeBytes(Buffer.from([0x61, 0xff, 0xc3, 0xa4, 0xc3]))).toBe('a\udcffä\udcc3');
  expect(exactPath({ path: 'a\ufffd', path_raw: Buffer.from([0x61, 0xe9]).toString('base64') })).toBe('a\udce9');
  expect(exactPath({ path: 'a', path_raw: null })).toBe('a');
});

test('text stays as it is', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => escapeBytes(Buffer.from(text)) === text));
});

test('the name is what follows the last slash', () => {
  expect(['a/b/c', 'c', 'a/'].map(nameOf)).toEqual(['c', 'c', '']);
});
