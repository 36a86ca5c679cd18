import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openTestStore, type TestStore } from '../testing/test-store.ts';
import { createSubjectKeys } from './postgres-subject-keys.ts';

const masterKey = randomBytes(32);
let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test[Symbol.asyncDispose]());

const keys = () => createSubjectKeys({ pool: test.pool, masterKey });

it('opens what another process sealed, with one key per subject', async () => {
  const [here, there] = [keys(), keys()];
  const sealed = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 ? here : there).seal('user-1', `text ${n}`)),
  );
  expect(await Promise.all(sealed.map((value) => keys().open(value)))).toEqual(sealed.map((_, n) => `text ${n}`));
  const { rows } = await test.admin.query(`select subject from keys.subject_keys where subject = 'user-1'`);
  expect(rows).toHaveLength(1);
});

it('keeps no key readable in the database', async () => {
  const value = await keys().seal('user-2', 'text');
  const thief = createSubjectKeys({ pool: test.pool, masterKey: randomBytes(32) });
  await expect(thief.open(value)).rejects.toThrow(/master key does not open/);
});

it('an erased subject cannot be read, sealed for, or revived', async () => {
  const here = keys();
  const before = await here.seal('user-3', 'text');
  await here.erase('user-3');
  await here.erase('user-3');
  expect(await here.open(before)).toBeUndefined();
  const after = await here.seal('user-3', 'text');
  expect(await here.open(after)).toBeUndefined();
  expect(await keys().open(after)).toBeUndefined();
  const { rows } = await test.admin.query(`select wrapped_key from keys.subject_keys where subject = 'user-3'`);
  expect(rows).toEqual([{ wrapped_key: null }]);
  await expect(
    test.admin.query(`update keys.subject_keys set wrapped_key = 'x', erased_at = null where subject = 'user-3'`),
  ).rejects.toThrow(/cannot come back/);
  await expect(test.admin.query('delete from keys.subject_keys')).rejects.toThrow(/cannot come back/);
});

it('a subject can be erased before anything was sealed for it', async () => {
  await keys().erase('user-4');
  expect(await keys().open(await keys().seal('user-4', 'text'))).toBeUndefined();
});

it('says that a key is lost rather than erased, and that a value was altered', async () => {
  const value = await keys().seal('user-5', 'text');
  const moved = { $encrypted: { ...value.$encrypted, subject: 'user-6' } };
  await expect(keys().open(moved)).rejects.toThrow(/key of user-6 is missing/);
  await keys().seal('user-6', 'other');
  await expect(keys().open(moved)).rejects.toThrow(/does not open with its key/);
});

it('reads the keys of a page in one query', async () => {
  const sealed = await Promise.all(Array.from({ length: 50 }, (_, n) => keys().seal(`many-${n}`, 'text')));
  const query = vi.spyOn(test.pool, 'query');
  const counting = keys();
  await Promise.all(sealed.map((value) => counting.open(value)));
  await Promise.all(sealed.map((value) => counting.open(value)));
  expect(query).toHaveBeenCalledTimes(1);
  query.mockRestore();
});
