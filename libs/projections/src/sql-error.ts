import { sqlState } from '@cyborgbackup/kernel';
import { PoisonEventError } from './poison-event.ts';

/**
 * SQLSTATE classes that say the data is at fault: data exception, constraint violation, program limit. Everything else
 * (no connection, no disk, no table, no privilege, deadlock, shutdown) would fail for any event: parking on those would
 * empty the log into the parking table, so they are retried instead.
 */
const DATA_AT_FAULT = new Set(['22', '23', '54']);

/** True when an attempt failed because of the events in it, and so will fail again. */
export const isPoison = (error: unknown): boolean =>
  error instanceof PoisonEventError || DATA_AT_FAULT.has(sqlState(error).slice(0, 2));
