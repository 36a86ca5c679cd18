import fc from 'fast-check';
import { expect, it } from 'vitest';
import { redactor } from './redactor.ts';

const clean = (text: string, ...secrets: readonly string[]): string => {
  const { hide, clean: cleaned } = redactor();
  secrets.forEach(hide);
  return cleaned(text);
};

it.each([
  ['one that begins like a shorter one', 'x abcdSECRETtail y', ['abcd', 'abcdSECRETtail'], 'x [redacted] y'],
  ['one in the middle of another', 'x 1abcd2 y', ['abcd', '1abcd2'], 'x [redacted] y'],
  ['two that overlap', 'x abcdef y', ['abcd', 'cdef'], 'x [redacted] y'],
  ['one that overlaps with itself', 'x ababab y', ['abab'], 'x [redacted] y'],
  ['two side by side', 'abcd1234', ['abcd', '1234'], '[redacted][redacted]'],
  ['one again and again', 'abcd abcd', ['abcd'], '[redacted] [redacted]'],
  ['a line of several', 'said: second line', ['first line\nsecond line\n'], 'said: [redacted]'],
  ['blanks at its ends', 'said: abcd', [' abcd '], 'said: [redacted]'],
  ['too short to hide', 'abc', ['abc'], 'abc'],
  ['none', 'abcd', [], 'abcd'],
])('redacts secrets correctly: %s', (_name, text, secrets, expected) => {
  expect(clean(text, ...secrets)).toBe(expected);
});

it.each([
  ['JSON', String.raw`{"x": "it's \"a\\b\": (c)"}`, '{"x": "[redacted]"}'],
  ['a password file', String.raw`*:*:it's "a\\b"\: (c)`, '*:*:[redacted]'],
  ['single quotes', String.raw`--password='it'\''s "a\b": (c)'`, "--password='[redacted]'"],
  ['backslashes', String.raw`--password=it\'s\ \"a\\b\":\ \(c\)`, '--password=[redacted]'],
  ['a URL', 'mysql://me:it%27s%20%22a%5Cb%22%3A%20%28c%29@db', 'mysql://me:[redacted]@db'],
  ['a URL of JavaScript', "mysql://me:it's%20%22a%5Cb%22%3A%20(c)@db", 'mysql://me:[redacted]@db'],
])('redacts a secret as %s writes it', (_name, text, expected) => {
  expect(clean(text, String.raw`it's "a\b": (c)`)).toBe(expected);
});

it('leaves nothing of a secret, wherever it is', () => {
  // Of few letters, so that they overlap often; none of them is in what replaces a secret.
  const few = (minLength: number): fc.Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom('x', 'y', '"', '\\', ' '), minLength, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(few(4), { minLength: 1, maxLength: 4 }), few(0), few(0), (secrets, before, after) => {
      const text = secrets.map((secret) => before + secret + after).join('');
      const left = clean(text, ...secrets).split('[redacted]');
      for (const part of left) for (const secret of secrets) expect(part).not.toContain(secret);
    }),
  );
});
