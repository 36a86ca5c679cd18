import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SECRET_MASK } from '../wire/scalars.ts';
import { maskExtraVars, parseExtraVars, unmaskExtraVars } from './extra-vars.ts';

describe('masking', () => {
  test.each([
    ['', ''],
    ['  ', '  '],
    ['{}', '{}'],
    ['{"folders":["/srv"]}', '{"folders":["/srv"]}'],
    ['{ "user": "root",\n  "password" : "s3\\"cret" }', '{ "user": "root",\n  "password" : "$encrypted$" }'],
    ['{"PassWord":1e5,"a":1.0}', '{"PassWord":"$encrypted$","a":1.0}'],
    ['{"pass\\u0077ord":"x"}', '{"pass\\u0077ord":"$encrypted$"}'],
    ['{"password":"","token":null,"secret":{},"key":[ ],"api_key":true}', undefined],
    ['{"secret":{"password":"a","b":["c"]},"x":1}', '{"secret":"$encrypted$","x":1}'],
    ['{"a":[{"password":"x"},{"password":"y"}]}', '{"a":[{"password":"$encrypted$"},{"password":"$encrypted$"}]}'],
    [
      '{"key":"a","api_key":"b","privateKey":"c"}',
      '{"key":"$encrypted$","api_key":"$encrypted$","privateKey":"$encrypted$"}',
    ],
    ['{"monkey":"a","keyboard":"b","keep":"c"}', undefined],
    ['{"exclude":["password"],"command":"cat token"}', undefined],
  ])('%s', (text, masked = text) => {
    expect(maskExtraVars(text)).toBe(masked);
  });

  test.each(['nonsense', '[1]', '"text"', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`])(
    '%s is masked whole',
    (text) => {
      expect(maskExtraVars(text)).toBe(SECRET_MASK);
      expect(parseExtraVars(text)).toBeUndefined();
    },
  );

  test('text of any depth is answered, not a stack overflow', () => {
    expect(maskExtraVars(`{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`)).toBe(SECRET_MASK);
  });
});

describe('unmasking', () => {
  test('a mask stands for what is stored at the same place', () => {
    const stored = '{"password": "s3cret", "extended": {"3": {"password": "other"}}, "token": 12}';
    const sent =
      '{"token":"$encrypted$","extended":{"3":{"password":"$encrypted$"}},"user":"new","password":"$encrypted$"}';
    expect(unmaskExtraVars(sent, stored)).toEqual({
      text: '{"token":12,"extended":{"3":{"password":"other"}},"user":"new","password":"s3cret"}',
      missing: [],
    });
  });

  test('a new secret replaces the stored one', () => {
    expect(unmaskExtraVars('{"password":"new"}', '{"password":"old"}').text).toBe('{"password":"new"}');
  });

  test('a mask where nothing is stored is named', () => {
    const sent = '{"db":{"password":"$encrypted$"}}';
    expect(unmaskExtraVars(sent, '')).toEqual({ text: sent, missing: ['db.password'] });
    expect(unmaskExtraVars(SECRET_MASK, '')).toEqual({ text: '', missing: [SECRET_MASK] });
  });

  test('the word in another value is just a word', () => {
    expect(unmaskExtraVars('{"command":"echo $encrypted$"}', '')).toEqual({
      text: '{"command":"echo $encrypted$"}',
      missing: [],
    });
  });

  test('a text that was masked whole comes back whole', () => {
    expect(unmaskExtraVars(SECRET_MASK, 'nonsense')).toEqual({ text: 'nonsense', missing: [] });
  });
});

const key = fc.oneof(fc.string(), fc.constantFrom('password', 'token', 'key', 'db_secret', 'user'));
const json = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
})).object;

test('what was masked and sent back is what was stored, to the letter', () => {
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(unmaskExtraVars(maskExtraVars(text), text)).toEqual({ text, missing: [] });
    }),
  );
});

test('no secret stays in masked text', () => {
  fc.assert(
    fc.property(json, fc.constantFrom('password', 'api_key', 'Token'), (value, name) => {
      const text = JSON.stringify({
        before: value,
        [name]: 'cleartext-s3cret',
        deep: [{ [name]: ['cleartext-s3cret'] }],
      });
      const masked = maskExtraVars(text);
      expect(masked).not.toContain('cleartext');
      expect(JSON.parse(masked)).toMatchObject({ [name]: SECRET_MASK });
    }),
  );
});
