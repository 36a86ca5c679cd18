import type { LogMark, LogPage } from '@cyborgbackup/event-store';
import { messageOf, type RecordedEvent } from '@cyborgbackup/kernel';
import { advanceCheckpoint } from '../lease/checkpoint.ts';
import { decodeEvents } from '../fold/decode-events.ts';
import type { Lease } from '../lease/lease.ts';
import { parkEvent } from '../schema/parked-events.ts';
import { createProjectionFold } from '../fold/projection-fold.ts';
import { eventTypesOf, type ProjectionOptions } from '../define/projection.ts';
import type { Session } from '../schema/session.ts';
import { isPoison } from '../fold/poison-event.ts';

/**
 * What writes pages of the log into the live tables, each in one transaction with the checkpoint. A page without an event
 * that matters costs one statement. A page that fails because of its data is halved until the event is found; that one
 * is parked and the rest goes on, each part with its own checkpoint. It throws `FencedOutError` when another owner has taken
 * over; nothing is written then.
 */
export const createPageWriter = (
  { projection, codec, logger }: ProjectionOptions,
  session: Session,
  lease: Lease,
): ((page: LogPage) => Promise<void>) => {
  const { client, inTransaction } = session;
  const { name, fence } = lease;
  const types = eventTypesOf(projection);
  const fold = createProjectionFold({ client, schema: name, projection, empty: false });
  let position = lease.position;

  const advance = (to: LogMark): Promise<void> => advanceCheckpoint(client, { name, fence, from: position, to });

  const commit = async (events: readonly RecordedEvent[], to: LogMark): Promise<void> => {
    const decoded = await decodeEvents(codec, events);
    if (fold.hasStep(decoded)) {
      return inTransaction(async () => {
        await fold.applyInOrder(decoded);
        await advance(to);
      });
    }
    // Loading needs no transaction: the checkpoint's guard proves that no other process has written since.
    await fold.apply(decoded);
    if (!fold.hasWrites()) return advance(to);
    await inTransaction(async () => {
      await fold.write();
      await advance(to);
    });
  };

  const park = async (event: RecordedEvent, to: LogMark, error: unknown): Promise<void> => {
    const { stream, type } = event;
    await inTransaction(async () => {
      await parkEvent(client, { projection: name, event, error: messageOf(error) });
      await advance(to);
    });
    logger.error(
      { projection: name, position: event.position.toString(), stream, type, reason: messageOf(error) },
      'An event cannot be projected and was parked: the read model lacks it until the cause is fixed and it is rebuilt',
    );
  };

  const writeRange = async (events: readonly RecordedEvent[], to: LogMark): Promise<void> => {
    const [first, ...others] = events;
    try {
      await commit(events, to);
      position = to.position;
    } catch (error) {
      if (first === undefined || !isPoison(error)) throw error;
      fold.forget();
      if (others.length > 0) return await writeHalves(events, to);
      await park(first, to, error);
      position = to.position;
    } finally {
      fold.forget();
    }
  };

  const writeHalves = async (events: readonly RecordedEvent[], to: LogMark): Promise<void> => {
    const middle = Math.ceil(events.length / 2);
    const firstHalf = events.slice(0, middle);
    await writeRange(firstHalf, firstHalf.at(-1) ?? to);
    await writeRange(events.slice(middle), to);
  };

  return (page) =>
    writeRange(
      page.events.filter(({ type }) => types.has(type)),
      page,
    );
};
