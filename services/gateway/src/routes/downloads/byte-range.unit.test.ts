import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseByteRange } from './byte-range.ts';

describe('a range of bytes', () => {
  test.each([
    ['bytes=0-0', { offset: 0, length: 1 }],
    ['bytes=2-5', { offset: 2, length: 4 }],
    ['bytes=7-', { offset: 7, length: 3 }],
    ['bytes=7-100', { offset: 7, length: 3 }],
    ['bytes=-4', { offset: 6, length: 4 }],
    ['bytes=-100', { offset: 0, length: 10 }],
    ['bytes= 2 - 5 ', { offset: 2, length: 4 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=0-1,4-5', undefined],
    ['bytes=5-2', undefined],
    ['bytes=-', undefined],
    ['lines=1-2', undefined],
    ['', undefined],
  ])('parses the range %s', (header, expected) => {
    expect(parseByteRange(header, 10)).toEqual(expected);
  });

  test('has no range in an empty file', () => {
    expect(parseByteRange('bytes=0-', 0)).toBe('unsatisfiable');
    expect(parseByteRange('bytes=-1', 0)).toBe('unsatisfiable');
  });

  test('never exceeds the file', () => {
    fc.assert(
      fc.property(fc.nat(), fc.option(fc.nat(), { nil: '' }), fc.option(fc.nat(), { nil: '' }), (size, first, last) => {
        const range = parseByteRange(`bytes=${first}-${last}`, size);
        if (typeof range !== 'object') return;
        expect(range.length).toBeGreaterThan(0);
        expect(range.offset + range.length).toBeLessThanOrEqual(size);
      }),
    );
  });
});
