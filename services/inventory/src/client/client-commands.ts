import type { clientCommands, RpcHandlers, Written } from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { fieldError } from '@cyborgbackup/kernel';
import { drawId } from '@cyborgbackup/service';
import { present, writtenBy } from '../shared/entity.ts';
import { refuseWhenInUse } from '../shared/in-use.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { withReferences } from '../shared/references.ts';
import { registerOnce } from '../shared/register-once.ts';
import { createUniqueValues } from '../shared/unique-value.ts';
import { clientDecider, clientStream, comparableAddress } from './decider.ts';

export const createClientCommands = (deps: InventoryDeps): RpcHandlers<typeof clientCommands> => {
  const handle = handleCommand(deps, clientDecider);
  const addresses = createUniqueValues(deps, clientDecider, {
    kind: 'client-address',
    valueOf: (client) => (client && !client.isRemoved ? comparableAddress(client.fields) : undefined),
    taken: () => fieldError('hostname', 'A client with this hostname and port already exists.'),
  });

  return {
    register: ({ uuid, command_id, ...fields }) => {
      const stream = clientStream(uuid);
      return registerOnce(deps.store, stream, { uuid, command_id }, async () => {
        const id = await drawId(deps.pool, 'client');
        await addresses.register(stream, comparableAddress(fields), () =>
          handle(stream, { do: 'register', uuid, id, fields }, { commandId: command_id }),
        );
      });
    },

    change: ({ uuid, changes, expected_version: expectedVersion }) => {
      const stream = clientStream(uuid);
      const run = async (): Promise<Written> => {
        const result = await handle(
          stream,
          ({ state }, execute) => {
            const { fields } = present(state, 'client');
            const { hostname = fields.hostname, port = fields.port } = changes;
            const values = { from: comparableAddress(fields), to: comparableAddress({ hostname, port }) };
            return addresses.change(stream, values, () => execute({ do: 'change', changes }));
          },
          { expectedVersion },
        );
        return writtenBy(result, 'client');
      };
      return changes.hostname === undefined && changes.port === undefined ? run() : addresses.exclusively(run);
    },

    remove: ({ uuid, expected_version: expectedVersion }) => {
      const stream = clientStream(uuid);
      return withReferences(deps, async () => {
        const result = await handle(
          stream,
          async ({ state }, execute) => {
            const client = present(state, 'client');
            await refuseWhenInUse(deps, { kind: 'client', id: client.id });
            return addresses.remove(stream, comparableAddress(client.fields), () => execute({ do: 'remove' }));
          },
          { expectedVersion },
        );
        return writtenBy(result, 'client');
      });
    },

    recordPreparation: async ({ uuid, version, ready, ip }) =>
      writtenBy(await handle(clientStream(uuid), { do: 'prepared', version, ready, ip }), 'client'),

    recordHypervisorPreparation: async ({ uuid, hypervisor_ready: isReady, hypervisor_name: name }) =>
      writtenBy(await handle(clientStream(uuid), { do: 'hypervisor-prepared', isReady, name }), 'client'),
  };
};
