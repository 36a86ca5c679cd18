import { type hostKeyCommands, hostKeyStream, type RpcHandlers } from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { fieldError } from '@cyborgbackup/kernel';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { refuseTogether } from '../shared/refuse-together.ts';
import { hostKeyDecider } from './decider.ts';
import { createPinHostKey, parseHostAddress, sentKey } from './pin.ts';

export const createHostKeyCommands = (deps: InventoryDeps): RpcHandlers<typeof hostKeyCommands> => {
  const handle = handleCommand(deps, hostKeyDecider);
  const pin = createPinHostKey(deps);
  return {
    pin: async ({ host, public_key: publicKey }) => {
      refuseTogether(
        () => parseHostAddress(host),
        () => sentKey(publicKey, 'public_key'),
      );
      const key = sentKey(publicKey, 'public_key');
      if (!key) throw fieldError('public_key', 'This field may not be blank.');
      const address = parseHostAddress(host);
      return { ...address, position: (await pin(address, key)).toString() };
    },
    forget: async ({ host, port }) => {
      const { events, position } = await handle(hostKeyStream(host, port), { type: 'forget', host, port });
      return { position: events.length > 0 && position !== undefined ? position.toString() : null };
    },
  };
};
