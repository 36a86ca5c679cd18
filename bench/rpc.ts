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
import { measureLoad } from './load.ts';

const IN_FLIGHT = [1, 32, 128];
const MEASURE_MILLIS = 3_000;
const contract = { echo: defineRpc('bench.echo', z.unknown(), z.object({ id: z.int(), position: z.string() })) };

export const run = async (): Promise<Figures> => {
  const logger = createLogger('bench', 'warn');
  const payload = { uuid: randomUUID(), name: 'a client', hostname: 'client.example.org' };
  const controller = rpcController(contract, { echo: async () => ({ id: 1, position: '42' }) });
  await using nats = await startTestNats();
  const service = await createRpcService({ natsUrl: nats.url, controllers: [controller], queue: 'bench', logger });
  const client = await createRpcClient({ natsUrl: nats.url, name: 'bench', logger });
  const call = (): Promise<unknown> => client.call(contract.echo.subject, payload, { schema: contract.echo.output });
  const load = { callers: IN_FLIGHT, millis: MEASURE_MILLIS, prefix: 'inFlight', unit: 'Requests' };
  try {
    return await measureLoad(call, load);
  } finally {
    await client.close();
    await service.stop();
  }
};
