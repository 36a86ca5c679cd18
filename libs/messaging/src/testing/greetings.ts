import { defineRpc, type RpcHandlers } from '@cyborgbackup/contracts';
import { AppError, currentContext, delay } from '@cyborgbackup/kernel';
import type { Type } from '@nestjs/common';
import { z } from 'zod';
import { rpcController } from '../rpc/rpc-controller.ts';

const nested = z.object({ age: z.int('Must be a whole number.') });
const nothing = z.object({});

export const greetingCommands = {
  greet: defineRpc(
    'greetings.greet',
    z.object({ name: z.string().min(1, 'May not be blank.'), nested: nested.optional() }),
    z.object({ text: z.string(), position: z.bigint() }),
  ),
  refuse: defineRpc('greetings.refuse', nothing, z.void()),
  break: defineRpc('greetings.break', nothing, z.void()),
  context: defineRpc('greetings.context', nothing, z.unknown()),
  slow: defineRpc('greetings.slow', nothing, z.string()),
  huge: defineRpc('greetings.huge', nothing, z.string()),
  nothing: defineRpc('greetings.nothing', z.unknown(), z.void()),
};

/** Another contract, with a call of the same name. */
export const farewellCommands = {
  greet: defineRpc('farewells.greet', z.object({ name: z.string() }), z.string()),
};

/** Slow handlers count themselves and wait until the test lets them go. */
export const slow = { started: 0, release: Promise.withResolvers<void>() };

const greetingHandlers: RpcHandlers<typeof greetingCommands> = {
  greet: async ({ name }) => ({ text: `hello ${name}`, position: 2n ** 60n }),
  refuse: async () => {
    throw new AppError('conflict', 'It is in use.', { fields: { name: ['taken'] }, details: { users: [1, 2] } });
  },
  break: () => Promise.reject(new TypeError('secret internals')),
  context: async () => {
    await delay(1);
    return currentContext();
  },
  slow: async () => {
    slow.started += 1;
    await slow.release.promise;
    return 'done';
  },
  huge: async () => 'x'.repeat(2_000_000),
  nothing: async () => undefined,
};

export const greetingControllers: readonly Type[] = [
  rpcController(greetingCommands, greetingHandlers),
  rpcController(farewellCommands, { greet: async ({ name }) => `good-bye ${name}` }),
];

/** Its subject is a pattern that NATS would accept, but no call can have. */
export const wildcardController = rpcController(
  { greet: defineRpc('greetings.*', z.unknown(), z.void()) },
  { greet: async () => undefined },
);
