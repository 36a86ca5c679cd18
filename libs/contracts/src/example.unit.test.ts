import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineRpc, jobEvolver, type JobEvent, type JobState, type RpcHandlers } from './index.ts';

/** Quoted in README.md. */
const stateOf = (history: readonly JobEvent[]): JobState => history.reduce(jobEvolver.evolve, jobEvolver.initialState);

const doorCommands = { open: defineRpc('doors.open', z.object({ uuid: z.uuid() }), z.object({ opened: z.boolean() })) };

const doorHandlers: RpcHandlers<typeof doorCommands> = { open: async ({ uuid }) => ({ opened: uuid !== '' }) };

test('the example of the README evolves a job and answers a call', async () => {
  const job = 'a2b7e5a0-3a5e-4b0e-9d3e-0a3f3f6c7c11';
  const started: JobEvent = { type: 'job-started', data: { job, run: job, attempt: 1, executor: 'e' } };
  expect(stateOf([started]).status).toBe('running');
  expect(await doorHandlers.open(doorCommands.open.input.parse({ uuid: job }))).toEqual({ opened: true });
});
