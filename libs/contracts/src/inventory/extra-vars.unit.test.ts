import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SECRET_MASK } from '../wire/scalars.ts';
import { maskExtraVars, parseExtraVars, unmaskExtraVars } from './extra-vars.ts';

describe('maskExtraVars', () => {
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
    ['{"exclude":["password"],"command":"cat"}', '{"exclude":["password"],"command":"$encrypted$"}'],
    ['{"extended_piped":{"3":{"command":"cat"}}}', '{"extended_piped":{"3":{"command":"$encrypted$"}}}'],
  ])('masks the values of secret keys only: %s', (text, masked = text) => {
    expect(maskExtraVars(text)).toBe(masked);
  });

  test('shows commands, and no other secret, to whoever may give them', () => {
    const text = '{"command":"cat token","password":"x"}';
    expect(maskExtraVars(text, { showsCommands: true })).toBe('{"command":"cat token","password":"$encrypted$"}');
  });

  test.each(['nonsense', '[1]', '"text"', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`])(
    'masks a text that is no JSON object as a whole: %s',
    (text) => {
      expect(maskExtraVars(text)).toBe(SECRET_MASK);
      expect(parseExtraVars(text)).toBeUndefined();
    },
  );

  test('masks deeply nested text as a whole without a stack overflow', () => {
    expect(maskExtraVars(`{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`)).toBe(SECRET_MASK);
  });
});

describe('unmaskExtraVars', () => {
  test('replaces a mask by the value stored at the same path', () => {
    const stored = '{"password": "s3cret", "extended": {"3": {"password": "other"}}, "token": 12}';
    const sent =
      '{"token":"$encrypted$","extended":{"3":{"password":"$encrypted$"}},"user":"new","password":"$encrypted$"}';
    expect(unmaskExtraVars(sent, stored)).toEqual({
      text: '{"token":12,"extended":{"3":{"password":"other"}},"user":"new","password":"s3cret"}',
      missing: [],
    });
  });

  test('keeps a new secret instead of the stored one', () => {
    expect(unmaskExtraVars('{"password":"new"}', '{"password":"old"}').text).toBe('{"password":"new"}');
  });

  test('names the paths of masks for which no value is stored', () => {
    const sent = '{"db":{"password":"$encrypted$"}}';
    expect(unmaskExtraVars(sent, '')).toEqual({ text: sent, missing: ['db.password'] });
    expect(unmaskExtraVars(SECRET_MASK, '')).toEqual({ text: '', missing: [SECRET_MASK] });
  });

  test('leaves the mask inside a longer value unchanged', () => {
    expect(unmaskExtraVars('{"command":"echo $encrypted$"}', '')).toEqual({
      text: '{"command":"echo $encrypted$"}',
      missing: [],
    });
  });

  test('replaces a text that was masked as a whole by the stored text', () => {
    expect(unmaskExtraVars(SECRET_MASK, 'nonsense')).toEqual({ text: 'nonsense', missing: [] });
  });
});

const key = fc.oneof(fc.string(), fc.constantFrom('password', 'token', 'key', 'db_secret', 'command', 'user'));
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

test('restores the stored text exactly when its masked form is sent back', () => {
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(unmaskExtraVars(maskExtraVars(text), text)).toEqual({ text, missing: [] });
    }),
  );
});

test('leaves no secret in masked text', () => {
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
