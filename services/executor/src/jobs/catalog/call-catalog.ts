import type { CatalogCall } from './listing/entry-recorder.ts';
import type { RpcClient } from '@cyborgbackup/messaging';

/** The catalog may still be working on what it was sent before. */
const DEADLINE_MILLIS = 120_000;

export const callCatalog =
  (rpc: RpcClient): CatalogCall =>
  (call, input) =>
    rpc.call(call.subject, input, { schema: call.output, deadlineMillis: DEADLINE_MILLIS });
