import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { HttpError } from '../http/core/http-error.ts';
import { createRepository } from '../routes/repositories/schema.ts';
import { createUser } from '../routes/users/schema.ts';
import { validateBody } from './validate-body.ts';

const schema = z.object({
  name: z.string().min(1).max(5),
  note: z.string().default(''),
  count: z.int().min(1).max(9).nullable().default(null),
  on: z.boolean().default(true),
  kind: z.enum(['a', 'b']).default('a'),
  ids: z.array(z.int()).default([]),
  secret: z.string().meta({ verbatim: true }).optional(),
});

const errorsOf = (body: unknown, of: z.ZodObject = schema): unknown => {
  try {
    return expect.fail(JSON.stringify(validateBody(of, body)));
  } catch (error) {
    if (error instanceof HttpError) return error.body;
    throw error;
  }
};

describe('coercion', () => {
  test.each([
    [{ name: ' x ' }, { name: 'x' }],
    [{ name: 12 }, { name: '12' }],
    [{ name: 'x', note: null }, { note: '' }],
    [{ name: 'x', count: '7' }, { count: 7 }],
    [{ name: 'x', count: ' 7.0 ' }, { count: 7 }],
    [{ name: 'x', count: null }, { count: null }],
    [{ name: 'x', secret: ' s ' }, { secret: ' s ' }],
    [{ name: 'x', ids: ['1', 2] }, { ids: [1, 2] }],
  ])('coerces the body %j', (body, expected) => expect(validateBody(schema, body)).toMatchObject(expected));

  test.each([true, 'true', 'T', 'yes', 'Y', 'on', 1, '1'])('coerces %j to true', (on) =>
    expect(validateBody(schema, { name: 'x', on }).on).toBe(true),
  );
  test.each([false, 'False', 'f', 'no', 'N', 'OFF', 0, '0'])('coerces %j to false', (on) =>
    expect(validateBody(schema, { name: 'x', on }).on).toBe(false),
  );

  test('leaves out read-only fields and fills in defaults', () => {
    expect(validateBody(schema, { name: 'x', more: 1 }, ['more'])).toEqual({
      name: 'x',
      note: '',
      count: null,
      on: true,
      kind: 'a',
      ids: [],
    });
  });

  test('keeps the blanks of a verbatim text, also with a refinement', () => {
    const body = { name: 'n', path: '/r', repository_key: ' k ' };
    expect(validateBody(createRepository, body).repository_key).toBe(' k ');
    expect(validateBody(createUser, { email: 'a@b.example', password: ' blanks count ' }).password).toBe(
      ' blanks count ',
    );
  });
});

describe('unknown fields', () => {
  const known = 'Unknown field; known: name, note, count, on, kind, ids, secret.';

  test('refuses unknown fields by name, together with all other errors', () => {
    expect(errorsOf({ name: 'x', nme: 1, __proto__: 2 })).toEqual({ nme: [known] });
    expect(errorsOf(JSON.parse('{"__proto__":2,"count":0}'))).toEqual(
      JSON.parse(
        `{"__proto__":["${known}"],"name":["This field is required."],` +
          '"count":["Ensure this value is greater than or equal to 1."]}',
      ),
    );
    expect(errorsOf({ dry_run: true }, z.object({}))).toEqual({
      dry_run: ['Unknown field: none is expected here.'],
    });
  });

  test('limits the number of unknown fields in the answer', () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`x${index}`, 1]));
    expect(Object.keys(errorsOf({ ...many, name: 'x' }) as object)).toHaveLength(20);
  });
});

describe('messages', () => {
  test.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: null }, { name: ['This field may not be blank.'] }],
    [{ name: '  ' }, { name: ['This field may not be blank.'] }],
    [{ name: 'xxxxxx' }, { name: ['Ensure this field has no more than 5 characters.'] }],
    [{ name: true }, { name: ['Not a valid string.'] }],
    [{ name: '\ud800' }, { name: ['Not a valid string.'] }],
    [{ name: 'x', count: 'x' }, { count: ['A valid integer is required.'] }],
    [{ name: 'x', count: 1.5 }, { count: ['A valid integer is required.'] }],
    [{ name: 'x', count: true }, { count: ['A valid integer is required.'] }],
    [{ name: 'x', count: 10 }, { count: ['Ensure this value is less than or equal to 9.'] }],
    [{ name: 'x', count: 0 }, { count: ['Ensure this value is greater than or equal to 1.'] }],
    [{ name: 'x', on: null }, { on: ['This field may not be null.'] }],
    [{ name: 'x', on: 'maybe' }, { on: ['Must be a valid boolean.'] }],
    [{ name: 'x', kind: 'c' }, { kind: ['"c" is not a valid choice.'] }],
    [{ name: 'x', ids: 1 }, { ids: ['Expected a list of items but got type "int".'] }],
    [{ name: 'x', ids: ['x', 'y'] }, { ids: ['A valid integer is required.'] }],
    [[], { __all__: ['Invalid data. Expected a dictionary.'] }],
  ])('answers the messages for the body %j', (body, errors) => expect(errorsOf(body)).toEqual(errors));

  test('answers the messages of a user’s fields', () => {
    expect(errorsOf({ email: 'x' }, createUser)).toEqual({
      email: ['Enter a valid email address.'],
      password: ['Password required for new User.'],
    });
    expect(errorsOf({ email: 'a@b.example', password: '111' }, createUser)).toEqual({
      password: [
        'This password is too short. It must contain at least 8 characters.',
        'This password is too common.',
        'This password is entirely numeric.',
      ],
    });
  });
});

test('accepts any body, or refuses it with messages', () => {
  const field = fc.constantFrom('name', 'note', 'count', 'on', 'kind', 'ids', 'secret', '__proto__', 'x');
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(field, fc.jsonValue()), fc.jsonValue()), (body) => {
      try {
        validateBody(schema, body);
      } catch (error) {
        if (!(error instanceof HttpError)) throw error;
        expect(error.status).toBe(400);
        expect(
          Object.values(error.body as object)
            .flat()
            .every((message) => typeof message === 'string'),
        ).toBe(true);
      }
    }),
  );
});
