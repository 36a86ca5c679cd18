import type { apiTokenCommands, ApiTokenEvent, RpcHandlers } from '@cyborgbackup/contracts';
import { systemClock } from '@cyborgbackup/kernel';
import { entityCommands } from '../shared/entity-commands.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { recordFact } from '../shared/record-fact.ts';
import { apiTokenDecider, apiTokenStream, apiTokenUsesStream } from './decider.ts';

const HOUR_MILLIS = 3_600_000;

export const createApiTokenCommands = (deps: InventoryDeps): RpcHandlers<typeof apiTokenCommands> => {
  const { register, remove } = entityCommands(deps, {
    kind: 'token',
    idSequence: 'api_token',
    decider: apiTokenDecider,
    stream: apiTokenStream,
  });
  const { now } = deps.clock ?? systemClock;

  /** From the read model, which may be a moment behind: then a use is recorded twice, and no harm done. */
  const isDue = async (uuid: string): Promise<boolean> => {
    const { rows } = await deps.pool.query<{ last_used: Date | null }>(
      'select last_used from inventory.api_tokens where uuid = $1 and not revoked',
      [uuid],
    );
    const [row] = rows;
    return row !== undefined && (row.last_used === null || now() - row.last_used.getTime() >= HOUR_MILLIS);
  };

  return {
    create: ({ command_id, ...token }) =>
      register({ uuid: token.uuid, command_id }, (id) => ({ type: 'create', token: { ...token, id } })),

    recordUse: async ({ uuid }) => {
      if (!(await isDue(uuid))) return { position: null };
      const fact: ApiTokenEvent = { type: 'api-token-used', data: { uuid } };
      const { position } = await recordFact(deps, apiTokenUsesStream(uuid), fact);
      return { position: position.toString() };
    },

    revoke: (target) => remove(target, { type: 'revoke' }),
  };
};
