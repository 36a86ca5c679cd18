import type { repositoryCommands, RepositoryEvent, RpcInput, Written } from '@cyborgbackup/contracts';
import { handleCommand, loadState } from '@cyborgbackup/event-store';
import { drawId } from '@cyborgbackup/service';
import { atLoadedVersion } from '../shared/at-loaded-version.ts';
import { present, writtenBy } from '../shared/entity.ts';
import { refuseWhenInUse } from '../shared/in-use.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { recordFact } from '../shared/record-fact.ts';
import { withReferences } from '../shared/references.ts';
import { registerOnce } from '../shared/register-once.ts';
import { keyReadsStream, repositoryDecider, repositoryStream } from './decider.ts';

export interface RepositoryCommands {
  register(command: RpcInput<typeof repositoryCommands.register>): Promise<Written>;
  change(command: RpcInput<typeof repositoryCommands.change>): Promise<Written>;
  remove(command: RpcInput<typeof repositoryCommands.remove>): Promise<Written>;
  prepared(command: RpcInput<typeof repositoryCommands.prepared>): Promise<Written>;
  keyRead(command: RpcInput<typeof repositoryCommands.keyRead>): Promise<Written>;
}

export const createRepositoryCommands = (deps: InventoryDeps): RepositoryCommands => {
  const handle = handleCommand(deps, repositoryDecider);

  return {
    register: ({ uuid, command_id, ...fields }) => {
      const stream = repositoryStream(uuid);
      return registerOnce(deps.store, stream, { uuid, command_id }, async () => {
        const id = await drawId(deps.pool, 'repository');
        await handle(stream, { do: 'register', uuid, id, fields }, { commandId: command_id });
      });
    },

    change: async ({ uuid, changes, expected_version: expectedVersion }) => {
      const options = expectedVersion === undefined ? {} : { expectedVersion };
      return writtenBy(await handle(repositoryStream(uuid), { do: 'change', changes }, options), 'repository');
    },

    remove: ({ uuid, expected_version: expectedVersion }) => {
      const stream = repositoryStream(uuid);
      return withReferences(deps, () =>
        atLoadedVersion(deps, repositoryDecider, { stream, expectedVersion }, async ({ state, version }) => {
          await refuseWhenInUse(deps, { kind: 'repository', id: present(state, 'repository').id });
          return writtenBy(await handle(stream, { do: 'remove' }, { expectedVersion: version }), 'repository');
        }),
      );
    },

    prepared: async ({ uuid, borg_id: borgId, ...found }) =>
      writtenBy(await handle(repositoryStream(uuid), { do: 'prepared', borgId, ...found }), 'repository'),

    keyRead: async ({ uuid }) => {
      const { state, version } = await loadState(deps, repositoryDecider, repositoryStream(uuid));
      const { id } = present(state, 'repository');
      const fact: RepositoryEvent = { type: 'repository-key-read', data: { uuid } };
      const position = await recordFact(deps, keyReadsStream(uuid), fact);
      return { uuid, id, version, position: position.toString() };
    },
  };
};
