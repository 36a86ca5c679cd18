import { defineRpc } from '@cyborgbackup/contracts';
import { createLogger, type Logger } from '@cyborgbackup/kernel';
import { startTestNats } from '@cyborgbackup/testkit';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createRpcClient, createRpcService, rpcController } from './index.ts';

/** Quoted in README.md. */
const greet = async (natsUrl: string, logger: Logger): Promise<string> => {
  const commands = { greet: defineRpc('greetings.greet', z.object({ name: z.string() }), z.string()) };
  const controllers = [rpcController(commands, { greet: async ({ name }) => `hello ${name}` })];
  const service = await createRpcService({ natsUrl, queue: 'greetings', controllers, logger });
  const client = await createRpcClient({ natsUrl, name: 'example', logger });
  const answer = await client.call(commands.greet.subject, { name: 'Ada' }, { schema: commands.greet.output });
  await client.close();
  await service.stop();
  return answer;
};

test('the example of the README calls a service and has its answer', async () => {
  await using nats = await startTestNats();
  expect(await greet(nats.url, createLogger('example', 'silent'))).toBe('hello Ada');
});
