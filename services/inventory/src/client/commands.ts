import type { clientCommands, RpcHandlers } from '@cyborgbackup/contracts';
import { fieldError } from '@cyborgbackup/kernel';
import { changeResultOf } from '../shared/entity.ts';
import { entityCommands } from '../shared/entity-commands.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { clientDecider, clientStream, comparableAddress } from './decider.ts';

/** How a command claims the address, appends and answers: see the steps in `shared/entity-commands.ts`. */
export const createClientCommands = (deps: InventoryDeps): RpcHandlers<typeof clientCommands> => {
  const { handle, register, change, remove } = entityCommands(deps, {
    kind: 'client',
    idSequence: 'client',
    decider: clientDecider,
    stream: clientStream,
    unique: {
      kind: 'client-address',
      valueOf: (client) => (client && !client.isRemoved ? comparableAddress(client.fields) : undefined),
      takenError: () => fieldError('hostname', 'A client with this hostname and port already exists.'),
    },
    referencedAs: 'client',
  });

  return {
    register: ({ uuid, command_id, ...fields }) =>
      register({ uuid, command_id }, (id) => ({ type: 'register', uuid, id, fields })),

    change: ({ changes, ...target }) => change(target, () => ({ type: 'change', changes })),

    remove: (target) => remove(target, { type: 'remove' }),

    recordPreparation: async ({ uuid, version, ready, ip }) =>
      changeResultOf(await handle(clientStream(uuid), { type: 'prepared', version, ready, ip }), 'client'),

    recordHypervisorPreparation: async ({ uuid, hypervisor_ready: isReady, hypervisor_name: name }) =>
      changeResultOf(await handle(clientStream(uuid), { type: 'hypervisor-prepared', isReady, name }), 'client'),
  };
};
