import type { NewEvent } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { startTestDeps } from './index.ts';

/** Quoted in README.md. */
const appendOne = async (event: NewEvent): Promise<number> => {
  await using test = await startTestDeps();
  const { version } = await test.deps.store.append('settings', [event], 'none');
  return version;
};

test('the example of the README appends to a log of its own', async () => {
  const actor = { kind: 'system', id: 'test' } as const;
  const metadata = { actor, correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000000Z' };
  const event = { id: randomUUID(), type: 'setting-changed', schemaVersion: 1, data: {}, metadata };
  expect(await appendOne(event)).toBe(1);
});
