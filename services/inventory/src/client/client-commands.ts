import type { clientCommands, RpcInput, Written } from '@cyborgbackup/contracts';
import { handleCommand, type LoadedState } from '@cyborgbackup/event-store';
import { fieldError } from '@cyborgbackup/kernel';
import { drawId } from '@cyborgbackup/service';
import { atLoadedVersion } from '../shared/at-loaded-version.ts';
import { present, writtenBy } from '../shared/entity.ts';
import { refuseWhenInUse } from '../shared/in-use.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { withReferences } from '../shared/references.ts';
import { registerOnce } from '../shared/register-once.ts';
import { createUniqueValues } from '../shared/unique-value.ts';
import { clientDecider, clientStream, comparableAddress, type Client } from './decider.ts';

export interface ClientCommands {
  register(command: RpcInput<typeof clientCommands.register>): Promise<Written>;
  change(command: RpcInput<typeof clientCommands.change>): Promise<Written>;
  remove(command: RpcInput<typeof clientCommands.remove>): Promise<Written>;
  recordPreparation(command: RpcInput<typeof clientCommands.recordPreparation>): Promise<Written>;
  recordHypervisorPreparation(command: RpcInput<typeof clientCommands.recordHypervisorPreparation>): Promise<Written>;
}

export const createClientCommands = (deps: InventoryDeps): ClientCommands => {
  const handle = handleCommand(deps, clientDecider);
  const addresses = createUniqueValues(deps, clientDecider, {
    kind: 'client-address',
    valueOf: (client) => (client && !client.isRemoved ? comparableAddress(client.fields) : undefined),
    taken: () => fieldError('hostname', 'A client with this hostname and port already exists.'),
  });

  const change = (
    { changes }: RpcInput<typeof clientCommands.change>,
    { state, version }: LoadedState<Client | undefined>,
  ): Promise<Written> => {
    const { uuid, fields } = present(state, 'client');
    const { hostname = fields.hostname, port = fields.port } = changes;
    const values = { from: comparableAddress(fields), to: comparableAddress({ hostname, port }) };
    const stream = clientStream(uuid);
    return addresses.change(stream, values, async () =>
      writtenBy(await handle(stream, { do: 'change', changes }, { expectedVersion: version }), 'client'),
    );
  };

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

    change: (command) => {
      const { uuid, changes, expected_version: expectedVersion } = command;
      const target = { stream: clientStream(uuid), expectedVersion };
      const run = (): Promise<Written> =>
        atLoadedVersion(deps, clientDecider, target, (loaded) => change(command, loaded));
      return changes.hostname === undefined && changes.port === undefined ? run() : addresses.exclusively(run);
    },

    remove: ({ uuid, expected_version: expectedVersion }) => {
      const stream = clientStream(uuid);
      return withReferences(deps, () =>
        atLoadedVersion(deps, clientDecider, { stream, expectedVersion }, async ({ state, version }) => {
          const client = present(state, 'client');
          await refuseWhenInUse(deps, { kind: 'client', id: client.id });
          return addresses.remove(stream, comparableAddress(client.fields), async () =>
            writtenBy(await handle(stream, { do: 'remove' }, { expectedVersion: version }), 'client'),
          );
        }),
      );
    },

    recordPreparation: async ({ uuid, version, ready, ip }) =>
      writtenBy(await handle(clientStream(uuid), { do: 'prepared', version, ready, ip }), 'client'),

    recordHypervisorPreparation: async ({ uuid, hypervisor_ready: isReady, hypervisor_name: name }) =>
      writtenBy(await handle(clientStream(uuid), { do: 'hypervisor-prepared', isReady, name }), 'client'),
  };
};
