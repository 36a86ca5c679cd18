import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLineSplitter } from './line-splitter.ts';

const split = (chunks: Buffer[], max?: number): { text: string; cut: boolean }[] => {
  const splitter = createLineSplitter(max);
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
};

test('lines are the same however the bytes are split', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).map((s) => s.replaceAll(/[\r\n]/g, ''))),
      fc.array(fc.nat(20)),
      (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of cuts) chunks.push(bytes.subarray(at, (at += size)));
        chunks.push(bytes.subarray(at));
        expect(split(chunks)).toEqual(lines.map((text) => ({ text, cut: false })));
      },
    ),
  );
});

test('a last line without line end is kept, and carriage returns are removed', () => {
  expect(split([Buffer.from('a\r\n\nb')])).toEqual([
    { text: 'a', cut: false },
    { text: '', cut: false },
    { text: 'b', cut: false },
  ]);
});

test('a line beyond the limit is marked as cut, and the next one is whole', () => {
  const chunks = ['aaa', 'aaa', 'aaa\nbbbb\ncc'].map((text) => Buffer.from(text));
  expect(split(chunks, 4)).toEqual([
    { text: 'aaaa', cut: true },
    { text: 'bbbb', cut: false },
    { text: 'cc', cut: false },
  ]);
});
