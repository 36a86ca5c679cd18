import type { ByteStreamContract, Rpc } from '@cyborgbackup/contracts';
import { AppError, isAppError, type FieldErrors, type WireError } from '@cyborgbackup/kernel';
import { openByteStream, type Connection, type RpcClient } from '@cyborgbackup/messaging';
import type { Readable } from 'node:stream';
import type { z } from 'zod';

/** One call to a service, as its contract has it. The answer may take `deadlineMillis`; default: five seconds. */
export type Call = <Input extends z.ZodType, Output extends z.ZodType>(
  rpc: Rpc<Input, Output>,
  input: z.input<Input>,
  options?: { readonly deadlineMillis?: number },
) => Promise<z.output<Output>>;

/** Bytes from a service, as its contract has them, until the signal fires. @throws AppError why there are none */
export type OpenStream = <Input extends z.ZodType, Head extends z.ZodType>(
  contract: ByteStreamContract<Input, Head>,
  input: z.input<Input>,
  signal: AbortSignal,
) => Promise<Readable>;

/** Waits until reads show what was written at this position: true; false when they do not within five seconds. */
export type WaitForProjection = (projection: 'inventory' | 'scheduler', position: string | null) => Promise<boolean>;

/** What a client is told when `WaitForProjection` answers false. */
export const NOT_YET_VISIBLE =
  'The change is recorded, but the read models lag behind: it will show up without a further request.';

/** A service names a field by its path in the command (`changes.clients.0`); the API's clients know the field itself. */
const apiField = (path: string): string => {
  const names = path.split('.');
  return (names[0] === 'changes' ? names[1] : names[0]) ?? path;
};

const apiFields = (fields: FieldErrors): FieldErrors => {
  const merged = new Map<string, string[]>();
  for (const [path, messages] of Object.entries(fields)) {
    const field = apiField(path);
    merged.set(field, [...(merged.get(field) ?? []), ...messages]);
  }
  return Object.fromEntries(merged);
};

const apiError = ({ code, message, fields, details }: WireError): AppError =>
  new AppError(code, message, { fields: fields && apiFields(fields), details });

export const createCall =
  (rpc: RpcClient): Call =>
  async ({ subject, output }, input, options = {}) => {
    try {
      return await rpc.call(subject, input, { schema: output, ...options });
    } catch (error) {
      throw isAppError(error) ? apiError(error) : error;
    }
  };

export const createOpenStream =
  (connection: Connection): OpenStream =>
  async ({ subject, head }, request, signal) =>
    (await openByteStream(connection, { subject, head, request, signal })).body;
