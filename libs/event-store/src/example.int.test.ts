import { defineEvent, type Decider, type EventOf } from '@cyborgbackup/kernel';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createEventCodec, handleCommand, verifyLog, type CommandDeps } from './index.ts';
import { createFakeSubjectKeys } from './testing/fake-subject-keys.ts';
import { sampleStream } from './testing/sample-events.ts';
import { openTestStore } from './testing/test-store.ts';

/** Quoted in README.md. */
const counted = defineEvent({ type: 'counted', schema: z.object({ by: z.int() }) });

const counter: Decider<number, { readonly by: number }, EventOf<typeof counted>> = {
  initialState: 0,
  decide: ({ by }) => [{ type: 'counted', data: { by } }],
  evolve: (sum, { data }) => sum + data.by,
};

const count = async (deps: CommandDeps, stream: string, by: number): Promise<number> => {
  const { state } = await handleCommand(deps, counter)(stream, { by });
  return state;
};

test('the example of the README counts beside concurrent callers, and leaves a log whose hashes fit', async () => {
  await using kit = await openTestStore();
  const codec = createEventCodec({ definitions: [counted], keys: createFakeSubjectKeys() });
  const deps = { store: kit.store, codec };
  const stream = sampleStream();
  await Promise.all([1, 2, 3].map((by) => count(deps, stream, by)));
  expect(await count(deps, stream, 4)).toBe(10);
  expect(await verifyLog(kit.store)).toEqual({ intact: true, events: 4 });
});
