import type { z } from 'zod';

/** A call between services: its NATS subject, input and answer. */
export interface Rpc<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly subject: string;
  readonly input: Input;
  readonly output: Output;
}

export const defineRpc = <Input extends z.ZodType, Output extends z.ZodType>(
  subject: string,
  input: Input,
  output: Output,
): Rpc<Input, Output> => ({ subject, input, output });

/** The input that a handler gets. */
export type RpcInput<Call extends Rpc> = z.output<Call['input']>;

/** The answer that a handler gives. */
export type RpcOutput<Call extends Rpc> = z.output<Call['output']>;

/** The calls that one handler object answers, by name. */
export type RpcContract = Readonly<Record<string, Rpc>>;

/** One handler for each call of a contract. */
export type RpcHandlers<Contract extends RpcContract> = {
  readonly [Name in keyof Contract]: (input: RpcInput<Contract[Name]>) => Promise<RpcOutput<Contract[Name]>>;
};

/** A stream of bytes from one service to another: its NATS subject, the request, and the answer before the first byte. */
export interface ByteStreamContract<Input extends z.ZodType = z.ZodType, Head extends z.ZodType = z.ZodType> {
  readonly subject: string;
  readonly input: Input;
  readonly head: Head;
}
