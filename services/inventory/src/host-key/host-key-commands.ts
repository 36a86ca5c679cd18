import { hostKeyStream, type hostKeyCommands, type RpcInput, type RpcOutput } from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { hostKeyDecider } from './decider.ts';

export interface HostKeyCommands {
  forget(command: RpcInput<typeof hostKeyCommands.forget>): Promise<RpcOutput<typeof hostKeyCommands.forget>>;
}

export const createHostKeyCommands = (deps: InventoryDeps): HostKeyCommands => {
  const handle = handleCommand(deps, hostKeyDecider);
  return {
    forget: async ({ host, port }) => {
      const { events, position } = await handle(hostKeyStream(host, port), { host, port });
      return { position: events.length > 0 && position !== undefined ? position.toString() : null };
    },
  };
};
