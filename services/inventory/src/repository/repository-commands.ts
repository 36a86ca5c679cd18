import { generateKeyPair } from '@cyborgbackup/borg';
import type { repositoryCommands, RepositoryEvent, RpcHandlers, Written } from '@cyborgbackup/contracts';
import { handleCommand, isEncrypted, loadState } from '@cyborgbackup/event-store';
import type { Sealed } from '@cyborgbackup/kernel';
import { drawId } from '@cyborgbackup/service';
import { caughtUp } from '../shared/caught-up.ts';
import { present, writtenBy } from '../shared/entity.ts';
import { refuseWhenInUse } from '../shared/in-use.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { recordFact } from '../shared/record-fact.ts';
import { withReferences } from '../shared/references.ts';
import { registerOnce } from '../shared/register-once.ts';
import {
  keyReadsStream,
  repositoryDecider,
  repositoryStream,
  type Repository,
  type RepositoryChanges,
  type RepositoryKeyPair,
  type UnknownSchedules,
} from './decider.ts';
import { printedLine } from './printed-line.ts';
import { resolveRepository } from './resolve-repository.ts';
import { namesSchedules, unknownSchedules } from './unknown-schedules.ts';

const newKeyPair = async (id: number): Promise<RepositoryKeyPair> => {
  const comment = `cyborgbackup-repository-${id}`;
  const { publicKey, privateKey } = await generateKeyPair({ type: 'ed25519', comment });
  return { public_key: publicKey, private_key: privateKey };
};

export const createRepositoryCommands = (deps: InventoryDeps): RpcHandlers<typeof repositoryCommands> => {
  const handle = handleCommand(deps, repositoryDecider);

  const handled = async (
    stream: string,
    expectedVersion: number | undefined,
    command: Parameters<typeof handle>[1],
  ): Promise<Written> => writtenBy(await handle(stream, command, { expectedVersion }), 'repository');

  /** Records that somebody is given one of its keys. */
  const recordRead = async (uuid: string, type: 'repository-key-read' | 'repository-escrow-read'): Promise<Written> => {
    const { state, version } = await loadState(deps, repositoryDecider, repositoryStream(uuid));
    const { id } = present(state, 'repository');
    const fact: RepositoryEvent = { type, data: { uuid } };
    const position = await recordFact(deps, keyReadsStream(uuid), fact);
    return { uuid, id, version, position: position.toString() };
  };

  const opened = async (secret: Sealed): Promise<string | undefined> =>
    isEncrypted(secret) ? deps.keys.open(secret) : secret;

  const isEscrowed = async ({ escrow }: Repository, borgId: string, key: string): Promise<boolean> =>
    escrow?.borgId === borgId && (await opened(escrow.key)) === key;

  /** Without a passphrase that is the one there is: who sends back what GET gave changes nothing. */
  const realChanges = async (state: Repository | undefined, changes: RepositoryChanges): Promise<RepositoryChanges> => {
    const { repository_key: key, ...others } = changes;
    if (key === undefined) return changes;
    const { fields } = present(state, 'repository');
    return (await opened(fields.repository_key)) === key ? others : changes;
  };

  /** Most writes name no schedule, and need not wait for others. */
  const checkingSchedules = async (
    fields: RepositoryChanges,
    write: (unknown: UnknownSchedules) => Promise<Written>,
  ): Promise<Written> => {
    if (!namesSchedules(fields)) return write({ check_schedule: [], integrity_schedule: [] });
    return withReferences(deps, async () => {
      await caughtUp(deps);
      return write(await unknownSchedules(deps.pool, fields));
    });
  };

  return {
    register: ({ uuid, command_id, ...fields }) => {
      const stream = repositoryStream(uuid);
      const make = async (unknown: UnknownSchedules): Promise<void> => {
        const id = await drawId(deps.pool, 'repository');
        const command = { do: 'register', uuid, id, fields, keyPair: await newKeyPair(id), unknown } as const;
        await handle(stream, command, { commandId: command_id });
      };
      return checkingSchedules(fields, (unknown) =>
        registerOnce(deps.store, stream, { uuid, command_id }, () => make(unknown)),
      );
    },

    change: ({ uuid, changes: sent, expected_version: expectedVersion }) =>
      checkingSchedules(sent, (unknown) =>
        handled(repositoryStream(uuid), expectedVersion, async ({ state }, execute) =>
          execute({ do: 'change', changes: await realChanges(state, sent), unknown }),
        ),
      ),

    remove: ({ uuid, expected_version: expectedVersion }) =>
      withReferences(deps, () =>
        handled(repositoryStream(uuid), expectedVersion, async ({ state }, execute) => {
          await refuseWhenInUse(deps, { kind: 'repository', id: present(state, 'repository').id });
          return execute({ do: 'remove' });
        }),
      ),

    recordPreparation: async ({ uuid, borg_id: borgId, own_key: ownKey, ...found }) =>
      writtenBy(await handle(repositoryStream(uuid), { do: 'prepared', borgId, ownKey, ...found }), 'repository'),

    recordKeyRead: ({ uuid }) => recordRead(uuid, 'repository-key-read'),

    generateSsh: ({ uuid, expected_version: expectedVersion }) =>
      handled(repositoryStream(uuid), expectedVersion, async ({ state }, execute) =>
        execute({ do: 'replace-key-pair', keyPair: await newKeyPair(present(state, 'repository').id) }),
      ),

    describeAuthorizedKey: async ({ uuid, append_only: appendOnly, storage_quota: storageQuota }) => {
      const { state } = await loadState(deps, repositoryDecider, repositoryStream(uuid));
      const repository = present(state, 'repository');
      const limits = { appendOnly, storageQuota: storageQuota ?? undefined };
      return { public_key: repository.publicKey, line: printedLine(repository, limits) };
    },

    escrowKey: ({ uuid, borg_id: borgId, key }) =>
      handled(repositoryStream(uuid), undefined, async (loaded, execute) => {
        const repository = present(loaded.state, 'repository');
        if (await isEscrowed(repository, borgId, key)) return { ...loaded, position: undefined, events: [] };
        return execute({ do: 'escrow', borgId, key });
      }),

    recordEscrowRead: ({ uuid }) => recordRead(uuid, 'repository-escrow-read'),

    resolve: async ({ id }) => {
      await caughtUp(deps);
      return resolveRepository(deps.pool, id);
    },
  };
};
