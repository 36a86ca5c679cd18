import { handleCommand } from '@cyborgbackup/event-store';
import { delay, messageOf, systemClock } from '@cyborgbackup/kernel';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { sessionDecider, sessionStream } from './decider.ts';

/** Longer than any access token of the session could still be good. */
const GRACE_MILLIS = 24 * 60 * 60_000;
const BATCH = 500;
const PAUSE_MILLIS = 60 * 60_000;

const expiredBefore = async ({ pool }: InventoryDeps, time: number): Promise<readonly string[]> => {
  const { rows } = await pool.query<{ uuid: string }>(
    'select uuid::text as uuid from inventory.sessions where expires_at < $1 order by expires_at limit $2',
    [new Date(time).toISOString(), BATCH],
  );
  return rows.map(({ uuid }) => uuid);
};

/**
 * Records sessions that expired more than a day ago as such, so that the table of sessions does not grow for ever. Several
 * processes may do so at once: each session is recorded once.
 * @returns how many were looked at, 500 at most
 */
export const forgetExpired = async (deps: InventoryDeps): Promise<number> => {
  const now = (deps.clock ?? systemClock).now();
  const handle = handleCommand(deps, sessionDecider);
  const expired = await expiredBefore(deps, now - GRACE_MILLIS);
  for (const uuid of expired) await handle(sessionStream(uuid), { type: 'expire', now });
  return expired.length;
};

/** Does that now and each hour until the signal fires. */
export const keepForgettingExpired = async (deps: InventoryDeps, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    const count = await forgetExpired(deps).catch((error: unknown) => {
      deps.logger.warn({ reason: messageOf(error) }, 'expired sessions could not be recorded as such');
      return 0;
    });
    // The read model needs a moment to drop a full batch before there is another one.
    await delay(count === BATCH ? 1_000 : PAUSE_MILLIS, signal);
  }
};
