import type pg from 'pg';
import { expect, it } from 'vitest';
import { createGapGate } from './gap-gate.ts';

/** A pool whose answers are decided by the test; `log` has the rows that a statement sees that starts now. */
const scriptedPool = () => {
  const state = {
    log: [] as bigint[],
    ceiling: 0n,
    isLost: false,
    era: 'a',
    beforeRows: async (): Promise<void> => undefined,
  };
  const query = async (statement: string | { values: [bigint, number] }): Promise<unknown> => {
    if (typeof statement === 'string') return { rows: [{ ceiling: String(state.ceiling) }] };
    const [after, limit] = statement.values;
    const rows = state.log.filter((position) => position > after).slice(0, limit);
    if (after > 0n && !state.isLost) rows.unshift(after);
    await state.beforeRows();
    return {
      rows: rows.map((position) => ({
        position: String(position),
        hash: `${state.era}${position}`,
        actor: 'test',
        metadata: {},
      })),
    };
  };
  return { state, gate: createGapGate({ query } as unknown as pg.Pool) };
};

const positions = async (gate: ReturnType<typeof createGapGate>, after: bigint, limit = 10) => {
  const { events, blocked } = await gate.readPage({ after, limit });
  return { seen: events.map(({ position }) => position), blocked };
};

it('does not trust a ceiling that was read after its rows, by another reader of the same gate', async () => {
  const { state, gate } = scriptedPool();
  state.log = [2n];
  state.beforeRows = async () => {
    // Position 1 is committed after our rows were read and before the other reader asks for the ceiling.
    state.log = [1n, 2n];
    state.ceiling = 2n;
    state.beforeRows = async () => undefined;
    await gate.ceiling();
  };
  expect(await positions(gate, 0n)).toEqual({ seen: [1n, 2n], blocked: false });
});

it('stops at a hole above the ceiling and goes on past holes below it', async () => {
  const { state, gate } = scriptedPool();
  state.log = [1n, 2n, 5n, 6n, 9n];
  state.ceiling = 3n;
  expect(await positions(gate, 0n)).toEqual({ seen: [1n, 2n], blocked: true });
  state.ceiling = 4n;
  expect(await positions(gate, 0n)).toEqual({ seen: [1n, 2n, 5n, 6n], blocked: true });
  state.ceiling = 8n;
  expect(await positions(gate, 2n, 2)).toEqual({ seen: [5n, 6n], blocked: false });
  expect(await positions(gate, 6n)).toEqual({ seen: [9n], blocked: false });
});

it('remembers a ceiling until it is told that a connection broke', async () => {
  const { state, gate } = scriptedPool();
  state.ceiling = 4n;
  await gate.ceiling();
  state.ceiling = 0n;
  state.log = [3n];
  expect(await positions(gate, 0n)).toEqual({ seen: [3n], blocked: false });
  gate.forgetCeiling();
  expect(await positions(gate, 0n)).toEqual({ seen: [], blocked: true });
});

it('notices that the log lacks what its reader has handled, or has another event there', async () => {
  const { state, gate } = scriptedPool();
  state.log = [1n, 2n, 3n];
  const { position, hash } = await gate.readPage({ after: 0n, limit: 2 });
  const next = { after: position, hash, limit: 2 };
  expect(await gate.readPage(next)).toMatchObject({ position: 3n, hash: 'a3' });
  state.era = 'b';
  await expect(gate.readPage(next)).rejects.toThrow('lost the event at position 2');
  state.isLost = true;
  await expect(gate.readPage({ after: 2n, limit: 2 })).rejects.toThrow('lost the event at position 2');
});
