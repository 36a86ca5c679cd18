import type { z } from 'zod';

/** One call between services: its NATS subject, what it takes and what it answers. */
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

/** What a handler of the call gets. */
export type RpcInput<Call extends Rpc> = z.output<Call['input']>;

/** What a handler of the call answers. */
export type RpcOutput<Call extends Rpc> = z.output<Call['output']>;

/** The calls that one handler object answers, by name. */
export type RpcContract = Readonly<Record<string, Rpc>>;

/** One handler for each call of a contract. */
export type RpcHandlers<Contract extends RpcContract> = {
  readonly [Name in keyof Contract]: (input: RpcInput<Contract[Name]>) => Promise<RpcOutput<Contract[Name]>>;
};
/** A stream of bytes from one service to another: its NATS subject, what is asked, and what is told before the bytes. */
export interface ByteStreamContract<Input extends z.ZodType = z.ZodType, Head extends z.ZodType = z.ZodType> {
  readonly subject: string;
  readonly input: Input;
  readonly head: Head;
}
