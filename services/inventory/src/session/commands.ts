import type { LogInEvent, RpcHandlers, sessionCommands } from '@cyborgbackup/contracts';
import { handleCommand, loadState } from '@cyborgbackup/event-store';
import { systemClock } from '@cyborgbackup/kernel';
import { recordFact } from '../shared/record-fact.ts';
import { waitForInventory } from '../shared/wait-for-tables.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { userDecider, userStream } from '../user/decider.ts';
import { failuresStream, sessionDecider, sessionOver, sessionStream, type SessionCommand } from './decider.ts';

type VoidedBy = (SessionCommand & { type: 'refresh' })['voidedBy'];

export const createSessionCommands = (deps: InventoryDeps): RpcHandlers<typeof sessionCommands> => {
  const handle = handleCommand(deps, sessionDecider);
  const { now } = deps.clock ?? systemClock;

  /** Whether the user, or the password, is not the one that opened the session. From the streams: they are never behind. */
  const voidedBy = async (user: string, openedAt: bigint): Promise<VoidedBy> => {
    let isOutdated = false;
    const { state } = await loadState(deps, userDecider, userStream(user), ({ type, position }) => {
      if (type === 'user-password-changed' && position > openedAt) isOutdated = true;
    });
    if (!state || state.isRemoved) return 'user-removed';
    return isOutdated ? 'password-changed' : undefined;
  };

  return {
    open: async ({ uuid, user, refresh_id: refreshId, expires_at: expiresAt }) => {
      const { position } = await handle(sessionStream(uuid), { type: 'open', uuid, user, refreshId, expiresAt });
      return { position: String(position ?? 0n) };
    },

    refresh: async ({ uuid, refresh_id: refreshId, next_refresh_id: nextRefreshId, expires_at: expiresAt }) => {
      const stream = sessionStream(uuid);
      let openedAt = 0n;
      const { state: session } = await loadState(deps, sessionDecider, stream, ({ type, position }) => {
        if (type === 'session-opened') openedAt = position;
      });
      if (!session) throw sessionOver();
      const { state, position } = await handle(stream, {
        type: 'refresh',
        ...{ refreshId, nextRefreshId, expiresAt },
        now: now(),
        voidedBy: await voidedBy(session.user, openedAt),
      });
      if (state?.isRevoked !== false) throw sessionOver();
      return { user: session.user, position: String(position ?? 0n) };
    },

    recordFailures: async ({ user, failures }) => {
      const fact: LogInEvent = { type: 'log-in-failed', data: { user, failures } };
      const { position } = await recordFact(deps, failuresStream(user), fact);
      return { position: position.toString() };
    },

    revoke: async ({ uuid }) => {
      const { position } = await handle(sessionStream(uuid), { type: 'revoke' });
      return { position: position?.toString() ?? null };
    },

    revokeAll: async ({ user }) => {
      await waitForInventory(deps);
      const { rows } = await deps.pool.query<{ uuid: string }>(
        'select uuid::text as uuid from inventory.sessions where user_uuid = $1 and not revoked and expires_at > $2',
        [user, new Date(now()).toISOString()],
      );
      let last: bigint | undefined;
      for (const { uuid } of rows) {
        const { position } = await handle(sessionStream(uuid), { type: 'revoke' });
        last = position ?? last;
      }
      return { revoked: rows.length, position: last?.toString() ?? null };
    },
  };
};
