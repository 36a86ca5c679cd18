import { messageOf, sqlState, type RecordedEvent } from '@cyborgbackup/kernel';

/** An event that a handler or fold cannot digest: the same every time it is tried. */
export class PoisonEventError extends Error {
  override readonly name = 'PoisonEventError';
  readonly event: RecordedEvent;

  constructor(event: RecordedEvent, cause: unknown) {
    super(`Event ${event.type} at position ${event.position} cannot be projected: ${messageOf(cause)}`, { cause });
    this.event = event;
  }
}

/** Runs pure code on behalf of an event; whatever it throws is the event's fault. */
export const poisonedBy = <T>(event: RecordedEvent, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw new PoisonEventError(event, error);
  }
};

/**
 * SQLSTATE classes that say the data is at fault: data exception, constraint violation, program limit. Everything else
 * (no connection, no disk, no table, no privilege, deadlock, shutdown) would fail for any event: parking on those would
 * empty the log into the parking table, so they are retried instead.
 */
const DATA_AT_FAULT = new Set(['22', '23', '54']);

/** True when an attempt failed because of the events in it, and so will fail again. */
export const isPoison = (error: unknown): boolean =>
  error instanceof PoisonEventError || DATA_AT_FAULT.has(sqlState(error).slice(0, 2));
