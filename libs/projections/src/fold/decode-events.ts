import type { EventCodec } from '@cyborgbackup/event-store';
import { hasCode, type RecordedEvent } from '@cyborgbackup/kernel';
import { PoisonEventError } from './poison-event.ts';

/** An event that was altered, or an upcaster's defect; anything else (a key store that is down) may pass. */
const isDefect = (error: unknown): boolean =>
  hasCode(error, 'internal') ||
  error instanceof TypeError ||
  error instanceof RangeError ||
  error instanceof SyntaxError;

/**
 * Opens and upcasts the events that matter to a projection.
 * @throws PoisonEventError naming the first event that can never be decoded
 */
export const decodeEvents = async (
  codec: EventCodec,
  events: readonly RecordedEvent[],
): Promise<readonly RecordedEvent[]> => {
  try {
    return await codec.decodePage(events);
  } catch (error) {
    if (!isDefect(error)) throw error;
    for (const event of events) {
      await codec.decode(event).catch((cause: unknown) => {
        throw isDefect(cause) ? new PoisonEventError(event, cause) : cause;
      });
    }
    throw error;
  }
};
