import type { clientCommands, RpcHandlers } from '@cyborgbackup/contracts';
import { fieldError } from '@cyborgbackup/kernel';
import { createPinHostKey, sentKey } from '../host-key/pin.ts';
import { changeResultOf, requireExisting } from '../shared/entity.ts';
import { entityCommands } from '../shared/entity-commands.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { clientDecider, clientStream, comparableAddress } from './decider.ts';

/** How a command claims the address, appends and answers: see the steps in `shared/entity-commands.ts`. */
export const createClientCommands = (deps: InventoryDeps): RpcHandlers<typeof clientCommands> => {
  const pinHostKey = createPinHostKey(deps);
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
    /** Before the client has the address, so that no job meets the host without the pin. */
    beforeAppend: async ({ state }, command) => {
      if (command.type !== 'register' && command.type !== 'change') return undefined;
      const key = sentKey(command.hostKey);
      if (!key) return undefined;
      const { hostname, port } = command.type === 'register' ? command.fields : command.changes;
      const host = hostname ?? requireExisting(state, 'client').fields.hostname;
      return pinHostKey({ host, port: port ?? requireExisting(state, 'client').fields.port }, key);
    },
  });

  return {
    register: ({ uuid, command_id, host_key: hostKey, ...fields }) =>
      register({ uuid, command_id }, (id) => ({ type: 'register', uuid, id, fields, hostKey })),

    change: ({ changes, host_key: hostKey, ...target }) => change(target, () => ({ type: 'change', changes, hostKey })),

    remove: (target) => remove(target, { type: 'remove' }),

    recordPreparation: async ({ uuid, version, ready, ip }) =>
      changeResultOf(await handle(clientStream(uuid), { type: 'prepared', version, ready, ip }), 'client'),

    recordHypervisorPreparation: async ({ uuid, hypervisor_ready: isReady, hypervisor_name: name }) =>
      changeResultOf(await handle(clientStream(uuid), { type: 'hypervisor-prepared', isReady, name }), 'client'),
  };
};
