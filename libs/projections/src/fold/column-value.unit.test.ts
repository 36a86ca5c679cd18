import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Column, ColumnType } from '../define/column-type.ts';
import { normalValue, utcMicros } from './column-value.ts';

const column = (type: ColumnType): Column => ({ name: 'c', type, nullable: false });

test.each<readonly [ColumnType, unknown]>([
  ['int4', 2 ** 31],
  ['int4', 1.5],
  ['int4', '1'],
  ['safeint', 2 ** 53],
  ['safeint', 1n],
  ['int8', 2n ** 63n],
  ['int8', 1],
  ['float8', '1'],
  ['bool', 'true'],
  ['text', 1],
  ['text[]', 'a'],
  ['text[]', [null]],
  ['int4[]', [0.5]],
  ['timestamptz', new Date()],
  ['jsonb', { at: new Date() }],
  ['jsonb', 1n],
  ['jsonb', Number.NaN],
])('a %s column refuses %o', (type, value) => {
  expect(() => normalValue(column(type), value)).toThrow(`Column c (${type})`);
});

test.each([
  ['2026-01-02T03:04:05.123456Z', '2026-01-02T03:04:05.123456Z'],
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000Z'],
  ['2026-01-02 03:04:05.1+00:00', '2026-01-02T03:04:05.100000Z'],
  ['2026-01-01T23:04:05.1234567-05:30', '2026-01-02T04:34:05.123456Z'],
])('%s is the instant %s', (text, instant) => {
  expect(utcMicros(text)).toBe(instant);
});

const jsonb: Column = { ...column('jsonb'), nullable: true };

test('a normal form is its own normal form, and the same JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' }), (value) => {
      fc.pre(!JSON.stringify(value).includes('\\u0000'));
      const form = normalValue(jsonb, value);
      expect(JSON.stringify(normalValue(jsonb, form))).toBe(JSON.stringify(form));
      expect(form).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
