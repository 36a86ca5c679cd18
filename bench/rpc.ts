/**
 * A call from one service to another and its answer: client, handler and broker on this machine, client and handler in
 * one process, as in the standalone product.
 */
import { defineRpc } from '@cyborgbackup/contracts';
import { createLogger } from '@cyborgbackup/kernel';
import { createRpcClient, createRpcService, rpcController } from '@cyborgbackup/messaging';
import { startTestNats } from '@cyborgbackup/testkit';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Figures } from './budget.ts';

const IN_FLIGHT = [1, 32, 128];
const WARM_UP_MILLIS = 1_000;
const MEASURE_MILLIS = 3_000;
const contract = { echo: defineRpc('bench.echo', z.unknown(), z.object({ id: z.int(), position: z.string() })) };

/** Latencies in milliseconds of calls made for `millis` by so many callers, in ascending order. */
const measure = async (call: () => Promise<unknown>, callers: number, millis: number): Promise<number[]> => {
  const latencies: number[] = [];
  const endsAt = performance.now() + millis;
  const caller = async (): Promise<void> => {
    for (let start = performance.now(); start < endsAt; start = performance.now()) {
      await call();
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return latencies.sort((a, b) => a - b);
};

const figuresOf = async (call: () => Promise<unknown>, callers: number): Promise<Figures> => {
  await measure(call, callers, WARM_UP_MILLIS);
  const latencies = await measure(call, callers, MEASURE_MILLIS);
  const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? NaN;
  return {
    [`inFlight${callers}RequestsPerSecond`]: Math.round((latencies.length / MEASURE_MILLIS) * 1_000),
    [`inFlight${callers}P99Millis`]: Number(p99.toFixed(2)),
  };
};

export const run = async (): Promise<Figures> => {
  const logger = createLogger('bench', 'warn');
  const payload = { uuid: randomUUID(), name: 'a client', hostname: 'client.example.org' };
  const controller = rpcController(contract, { echo: async () => ({ id: 1, position: '42' }) });
  await using nats = await startTestNats();
  const service = await createRpcService({ natsUrl: nats.url, controllers: [controller], queue: 'bench', logger });
  const client = await createRpcClient({ natsUrl: nats.url, name: 'bench', logger });
  const call = (): Promise<unknown> => client.call(contract.echo.subject, payload, { schema: contract.echo.output });
  const figures: Figures[] = [];
  try {
    for (const callers of IN_FLIGHT) figures.push(await figuresOf(call, callers));
  } finally {
    await client.close();
    await service.stop();
  }
  return Object.fromEntries(figures.flatMap(Object.entries));
};
