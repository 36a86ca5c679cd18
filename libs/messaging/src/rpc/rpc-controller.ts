import type { RpcContract, RpcHandlers, RpcInput } from '@cyborgbackup/contracts';
import { Controller, type PipeTransform, type Type } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { z } from 'zod';
import { validate } from '../connection/validate.ts';

const validated = (schema: z.ZodType): PipeTransform => ({ transform: (value) => validate(schema, value) });

/**
 * A Nest controller with one method for each call of a contract; each method takes the validated payload and calls the
 * handler of the same name. Nest's decorators are applied as plain functions, because Node runs the sources by removing
 * the types and does not support decorator syntax. See docs/decisions/0018-sources-run-as-they-are.md.
 */
export const rpcController = <Contract extends RpcContract>(
  contract: Contract,
  handlers: RpcHandlers<Contract>,
): Type => {
  class RpcController {}
  for (const [name, { subject, input }] of Object.entries(contract)) {
    const handler = handlers[name as keyof Contract];
    // A function of its own for each call: Nest stores the subject as metadata of the function.
    const method = { value: (payload: RpcInput<Contract[keyof Contract]>) => handler(payload) };
    Object.defineProperty(RpcController.prototype, name, method);
    Payload(validated(input))(RpcController.prototype, name, 0);
    MessagePattern(subject)(RpcController.prototype, name, method);
  }
  Controller()(RpcController);
  return RpcController;
};
