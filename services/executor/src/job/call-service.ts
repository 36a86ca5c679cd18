import type { Rpc } from '@cyborgbackup/contracts';
import type { KeylessDeps } from '@cyborgbackup/service';
import type { z } from 'zod';

/** Calls another service. @throws AppError `unavailable`, `deadline`, and the errors that the service answers */
export const callService = <Input extends z.ZodType, Output extends z.ZodType>(
  { rpc }: Pick<KeylessDeps, 'rpc'>,
  { subject, output }: Rpc<Input, Output>,
  input: z.input<Input>,
  options: { readonly deadlineMillis?: number } = {},
): Promise<z.output<Output>> => rpc.call(subject, input, { schema: output, ...options });

/** The catalog may still be working on what it was sent before. */
export const CATALOG_DEADLINE = { deadlineMillis: 120_000 };
