import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { claim, claimStream, release, type ClaimDeps } from './claims.ts';
import { createFakeSubjectKeys } from '../testing/fake-subject-keys.ts';
import { collect, sampleEvents } from '../testing/sample-events.ts';
import { openTestStore, type TestStore } from '../testing/test-store.ts';
import { createEventCodec } from '../codec/event-codec.ts';

let test: TestStore;
let deps: ClaimDeps;
let now = Date.now();
beforeAll(async () => {
  test = await openTestStore();
  const codec = createEventCodec({ definitions: [], keys: createFakeSubjectKeys() });
  deps = { store: test.store, codec, claimKey: randomBytes(32), clock: { now: () => now } };
});
afterAll(() => test[Symbol.asyncDispose]());

const newOwner = (): string => `user-${randomUUID()}`;
const emailOf = (owner: string, value: string) => ({ kind: 'email', value, owner });
const conflict = { code: 'conflict' };

it('lets exactly one of 50 win', async () => {
  const attempts = await Promise.allSettled(
    Array.from({ length: 50 }, () => claim(deps, emailOf(newOwner(), 'wanted@example.org'))),
  );
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const attempt of attempts) if (attempt.status === 'rejected') expect(attempt.reason).toMatchObject(conflict);
});

it("is the owner's to repeat and to release, and then anyone's", async () => {
  const [first, second] = [newOwner(), newOwner()];
  const takenAt = await claim(deps, emailOf(first, 'a'));
  expect(Date.parse(takenAt)).toBe(now);
  now += 1;
  expect(await claim(deps, emailOf(first, 'a'))).toBe(takenAt);
  await release(deps, emailOf(second, 'a'));
  await expect(claim(deps, emailOf(second, 'a'))).rejects.toMatchObject(conflict);
  await release(deps, emailOf(first, 'a'));
  await claim(deps, emailOf(second, 'a'));
  expect(await collect(test.store.readStream(claimStream(deps.claimKey, emailOf(first, 'a'))))).toHaveLength(3);
});

it("kinds do not get in each other's way, and values are not readable", async () => {
  await claim(deps, { kind: 'email', value: 'same', owner: newOwner() });
  await claim(deps, { kind: 'client-name', value: 'same', owner: newOwner() });
  expect(claimStream(deps.claimKey, { kind: 'email', value: 'same' })).toMatch(/^claim-email-[0-9a-f]{64}$/);
  expect(claimStream(randomBytes(32), { kind: 'email', value: 'same' })).not.toBe(
    claimStream(deps.claimKey, { kind: 'email', value: 'same' }),
  );
});

it('an orphaned claim is taken over after 30 seconds, by one only', async () => {
  await claim(deps, emailOf(newOwner(), 'orphan'));
  now += 29_999;
  await expect(claim(deps, emailOf(newOwner(), 'orphan'))).rejects.toMatchObject(conflict);
  now += 1;
  const attempts = await Promise.allSettled(
    Array.from({ length: 10 }, () => claim(deps, emailOf(newOwner(), 'orphan'))),
  );
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('a claim whose owner exists is never taken over', async () => {
  const owner = newOwner();
  await claim(deps, emailOf(owner, 'kept'));
  await test.store.append(owner, sampleEvents(1), 'none');
  now += 3_600_000;
  await expect(claim(deps, emailOf(newOwner(), 'kept'))).rejects.toMatchObject(conflict);
});
