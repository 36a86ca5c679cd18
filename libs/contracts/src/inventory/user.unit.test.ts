import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparableEmail } from './user.ts';

test('email addresses are compared without case', () => {
  expect(comparableEmail('Ada@X.org')).toBe(comparableEmail('ada@x.ORG'));
  expect(comparableEmail('a\u0308@x.org')).toBe(comparableEmail('Ä@x.org'));
});

test('an address that only some locales take for another one is not the other one', () => {
  expect(comparableEmail('VİCTIM@x.org')).not.toBe(comparableEmail('victim@x.org'));
});

test('the form in which addresses are compared has one form', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (email) => {
      expect(comparableEmail(comparableEmail(email))).toBe(comparableEmail(email));
    }),
  );
});
