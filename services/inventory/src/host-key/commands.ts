import { type hostKeyCommands, hostKeyStream, type RpcHandlers } from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { hostKeyDecider } from './decider.ts';

export const createHostKeyCommands = (deps: InventoryDeps): RpcHandlers<typeof hostKeyCommands> => {
  const handle = handleCommand(deps, hostKeyDecider);
  return {
    forget: async ({ host, port }) => {
      const { events, position } = await handle(hostKeyStream(host, port), { host, port });
      return { position: events.length > 0 && position !== undefined ? position.toString() : null };
    },
  };
};
