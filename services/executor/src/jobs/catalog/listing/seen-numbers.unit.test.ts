import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SEEN_CHUNK } from '@cyborgbackup/contracts';
import { createSeenNumbers } from './seen-numbers.ts';

const isSeen = (seen: string, offset: number): boolean => {
  const byte = Buffer.from(seen, 'base64')[offset >> 3] ?? 0;
  return (byte & (1 << (offset & 7))) !== 0;
};

test('chunks cover all numbers once and say which were seen', () => {
  const number = fc.oneof(
    fc.nat({ max: 70 }),
    fc.nat({ max: 6 * SEEN_CHUNK }),
    fc.constantFrom(SEEN_CHUNK - 1, SEEN_CHUNK),
  );
  fc.assert(
    fc.property(fc.uniqueArray(number, { maxLength: 40 }), fc.nat({ max: 100 }), (numbers, beyond) => {
      const seen = createSeenNumbers();
      for (const each of numbers) expect([seen.add(each), seen.add(each)]).toEqual([true, false]);
      expect(seen.size()).toBe(numbers.length);
      const end = Math.max(-1, ...numbers) + 1 + beyond;
      const chunks = seen.chunks(end);
      expect(chunks.map(({ from }) => from)).toEqual([0, ...chunks.map(({ to }) => to)].slice(0, chunks.length));
      expect(chunks.at(-1)?.to ?? 0).toBe(end);
      for (const { from, to, seen: bits } of chunks) {
        expect(bits === '' || to - from <= SEEN_CHUNK).toBe(true);
        for (const each of [...numbers, from, to - 1]) {
          if (each >= from && each < to) expect(isSeen(bits, each - from)).toBe(numbers.includes(each));
        }
      }
    }),
    { numRuns: 50 },
  );
});
