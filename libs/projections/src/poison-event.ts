import { messageOf, type RecordedEvent } from '@cyborgbackup/kernel';

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
