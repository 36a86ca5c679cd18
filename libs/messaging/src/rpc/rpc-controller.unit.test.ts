import { defineRpc, type RpcHandlers } from '@cyborgbackup/contracts';
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { rpcController } from './rpc-controller.ts';

const contract = {
  double: defineRpc('numbers.double', z.object({ value: z.coerce.number() }), z.object({ value: z.number() })),
};

describe('the handlers of a contract', () => {
  it('take what the input schema makes of a payload and answer what the output schema describes', () => {
    expectTypeOf<RpcHandlers<typeof contract>>().toEqualTypeOf<{
      readonly double: (input: { value: number }) => Promise<{ value: number }>;
    }>();
  });

  it('are refused by the compiler when one is missing or answers something else', () => {
    // @ts-expect-error a handler is missing
    rpcController(contract, {});
    // @ts-expect-error the answer has another type
    rpcController(contract, { double: async ({ value }) => ({ value: `${value * 2}` }) });
  });
});
