import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeBytes, exactPath } from './archive-path.ts';

test('escapes every byte that is not UTF-8 as a lone surrogate', () => {
  expect(escapeBytes(Buffer.from([0x61, 0xff, 0xc3, 0xa4, 0xc3]))).toBe('a\udcffä\udcc3');
  const odd = { name: 'a\ufffd', name_raw: Buffer.from([0x61, 0xe9]).toString('base64') };
  expect(exactPath({ folder: 'f/', folder_raw: null, ...odd })).toBe('f/a\udce9');
  expect(exactPath({ folder: '', folder_raw: null, name: 'a', name_raw: null })).toBe('a');
});

test('leaves UTF-8 text unchanged', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => escapeBytes(Buffer.from(text)) === text));
});
