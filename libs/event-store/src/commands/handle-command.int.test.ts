import { AppError, defineEvent, runInContext, type Decider, type EventOf } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createFakeSubjectKeys } from '../testing/fake-subject-keys.ts';
import { collect, sampleStream } from '../testing/sample-events.ts';
import { openTestStore, type TestStore } from '../testing/test-store.ts';
import { isEncrypted } from '../crypto/subject-keys.ts';
import { createEventCodec } from '../codec/event-codec.ts';
import type { EventStore } from '../port/event-store.ts';
import { handleCommand, type CommandHandler } from './handle-command.ts';
import { loadState } from './load-state.ts';

const added = defineEvent({
  type: 'added',
  version: 1,
  schema: z.object({ amount: z.number(), note: z.union([z.string(), z.custom(isEncrypted)]) }),
  sealed: { subject: () => 'notes', fields: ['note'] },
});
type Added = EventOf<typeof added>;

interface Sum {
  readonly total: number;
  readonly lastNote: unknown;
}

/** Adds amounts, up to a total of 100; an amount of 0 is nothing to do. */
const decider: Decider<Sum, readonly number[], Added> = {
  initialState: { total: 0, lastNote: undefined },
  decide: (amounts, { total }) => {
    if (total + amounts.reduce((sum, amount) => sum + amount, 0) > 100) throw new AppError('conflict', 'Too much.');
    return amounts
      .filter((amount) => amount !== 0)
      .map((amount) => ({ type: 'added', data: { amount, note: `+${amount}` } }));
  },
  evolve: (state, { data }) => ({ total: state.total + data.amount, lastNote: data.note }),
};

let test: TestStore;
let add: CommandHandler<Sum, readonly number[], Added>;
const codec = createEventCodec({ definitions: [added], keys: createFakeSubjectKeys() });
beforeAll(async () => {
  test = await openTestStore();
  add = handleCommand({ store: test.store, codec, service: 'calculator' }, decider);
});
afterAll(() => test[Symbol.asyncDispose]());

it('appends what was decided and answers with where it is', async () => {
  const stream = sampleStream();
  const result = await add(stream, [1, 2]);
  expect(result).toMatchObject({ version: 2, position: await test.store.head(), state: { total: 3 } });
  expect(result.events).toMatchObject([
    { type: 'added', data: { amount: 1 } },
    { type: 'added', data: { amount: 2 } },
  ]);
  expect(await loadState({ store: test.store, codec }, decider, stream)).toMatchObject({
    version: 2,
    state: { total: 3 },
  });
});

it('hands out no plain secrets', async () => {
  const { state, events } = await add(sampleStream(), [7]);
  expect(isEncrypted(state.lastNote)).toBe(true);
  expect(JSON.stringify(events)).not.toContain('"+7"');
});

it('appends nothing when nothing was decided', async () => {
  const stream = sampleStream();
  expect(await add(stream, [0])).toEqual({ version: 0, position: undefined, events: [], state: decider.initialState });
  const { version, position } = await add(stream, [1]);
  expect(await add(stream, [0])).toMatchObject({ version, position, events: [] });
});

it('records who did it, inside a request and outside', async () => {
  const stream = sampleStream();
  const actor = { kind: 'user', id: randomUUID() } as const;
  await runInContext({ actor, correlationId: 'request-1', causationId: 'request-1', sourceAddress: '::1' }, () =>
    add(stream, [1]),
  );
  await add(stream, [1]);
  const [inside, outside] = await collect(test.store.readStream(stream));
  expect(inside?.metadata).toMatchObject({
    actor,
    correlationId: 'request-1',
    sourceAddress: { $encrypted: { subject: `address-user-${actor.id}` } },
  });
  expect(outside?.metadata).toMatchObject({ actor: { kind: 'system', id: 'calculator' } });
});

it('decides again after a lost race, with what the winner wrote', async () => {
  const stream = sampleStream();
  const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => add(stream, [20], { retries: 50 })));
  const lost = attempts
    .filter((attempt) => attempt.status === 'rejected')
    .map(({ reason }) => (reason as AppError).code);
  expect(lost).toEqual(['conflict', 'conflict', 'conflict']);
  expect(await loadState({ store: test.store, codec }, decider, stream)).toMatchObject({
    version: 5,
    state: { total: 100 },
  });
});

it('gives up after its retries', async () => {
  let attempts = 0;
  const overtaken: EventStore = {
    ...test.store,
    append: async (stream, events, expected) => {
      attempts += 1;
      await add(stream, [1]);
      return test.store.append(stream, events, expected);
    },
  };
  const stream = sampleStream();
  const losing = handleCommand({ store: overtaken, codec }, decider)(stream, [1], { retries: 2 });
  await expect(losing).rejects.toMatchObject({ code: 'version-conflict' });
  expect(attempts).toBe(3);
});

it('refuses a version that the caller has not seen, without a retry', async () => {
  const stream = sampleStream();
  await add(stream, [1], { expectedVersion: 0 });
  await expect(add(stream, [1], { expectedVersion: 0 })).rejects.toMatchObject({ code: 'version-conflict' });
  expect(await add(stream, [1], { expectedVersion: 1 })).toMatchObject({ version: 2 });
});

it('prepares a command again, with the state of then, after its execution lost a race', async () => {
  const stream = sampleStream();
  await add(stream, [10]);
  const seen: number[] = [];
  const result = await add(stream, async ({ state }, execute) => {
    seen.push(state.total);
    if (seen.length === 1) await add(stream, [5]);
    return execute([state.total]);
  });
  expect(seen).toEqual([10, 15]);
  expect(result).toMatchObject({ version: 3, state: { total: 30 } });
});

it('refuses a version that the caller has not seen before a command is prepared, and after it lost a race', async () => {
  const stream = sampleStream();
  await add(stream, [1]);
  const late = add(stream, () => expect.unreachable(), { expectedVersion: 2 });
  await expect(late).rejects.toMatchObject({ code: 'version-conflict' });
  const overtaken = add(
    stream,
    async (_loaded, execute) => {
      await add(stream, [1]);
      return execute([1]);
    },
    { expectedVersion: 1 },
  );
  await expect(overtaken).rejects.toMatchObject({
    code: 'version-conflict',
    message: expect.stringContaining('someone else'),
  });
});

it('leaves a stream without events to the decider, whatever version the caller has seen', async () => {
  expect(await add(sampleStream(), [1], { expectedVersion: 3 })).toMatchObject({ version: 1 });
});

it('handles a command once, however often and late it is delivered', async () => {
  const stream = sampleStream();
  const commandId = randomUUID();
  const first = await add(stream, [60, 10], { commandId, expectedVersion: 0 });
  await add(stream, [5]);
  const again = await add(stream, [60, 10], { commandId, expectedVersion: 0 });
  expect(again).toEqual({ ...first, events: first.events, state: expect.objectContaining({ total: 75 }) });
  expect(await collect(test.store.readStream(stream))).toHaveLength(3);
});

it('handles a command once when it is delivered twice at the same moment', async () => {
  const stream = sampleStream();
  const commandId = randomUUID();
  const results = await Promise.all(Array.from({ length: 6 }, () => add(stream, [30], { commandId })));
  expect(new Set(results.map(({ position }) => position)).size).toBe(1);
  expect(await collect(test.store.readStream(stream))).toHaveLength(1);
});

it('the same command id in another stream is another call', async () => {
  const commandId = randomUUID();
  const [one, other] = [sampleStream(), sampleStream()];
  await add(one, [1], { commandId });
  expect(await add(other, [2], { commandId })).toMatchObject({ version: 1, state: { total: 2 } });
});
