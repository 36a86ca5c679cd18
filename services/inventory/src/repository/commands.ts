import { generateKeyPair } from '@cyborgbackup/borg';
import type {
  repositoryCommands,
  RepositoryEvent,
  RpcHandlers,
  RpcOutput,
  ChangeResult,
} from '@cyborgbackup/contracts';
import { isEncrypted, loadState } from '@cyborgbackup/event-store';
import { AppError, type Sealed } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';
import { createPinHostKey, sentKey } from '../host-key/pin.ts';
import { entityCommands } from '../shared/entity-commands.ts';
import { waitForInventory, withReferences } from '../shared/wait-for-tables.ts';
import { requireExisting, changeResultOf } from '../shared/entity.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { recordFact } from '../shared/record-fact.ts';
import { findUnknownIds } from '../shared/unknown-ids.ts';
import {
  hostAddressOf,
  keyReadsStream,
  repositoryDecider,
  repositoryStream,
  type Repository,
  type RepositoryChanges,
  type RepositoryKeyPair,
  type UnknownSchedules,
} from './decider.ts';
import { printedLine } from './printed-line.ts';

const newKeyPair = async (id: number): Promise<RepositoryKeyPair> => {
  const comment = `cyborgbackup-repository-${id}`;
  const { publicKey, privateKey } = await generateKeyPair({ type: 'ed25519', comment });
  return { public_key: publicKey, private_key: privateKey };
};

type ResolvedRepository = RpcOutput<typeof repositoryCommands.resolve>;

/**
 * All that a job on a repository alone needs to know of it, from the read model: wait for that first (`waitForInventory`).
 * @throws AppError `not-found`
 */
const resolveRepository = async (pool: Pool, id: number): Promise<ResolvedRepository> => {
  const { rows } = await pool.query<ResolvedRepository>(
    'select id, uuid::text as uuid, name, path, ready, enabled from inventory.repositories where id = $1',
    [id],
  );
  const [row] = rows;
  if (!row) throw new AppError('not-found', `There is no repository ${id}: it may have been deleted.`);
  return row;
};

/** The steps of registering, changing and removing are in `shared/entity-commands.ts`. */
export const createRepositoryCommands = (deps: InventoryDeps): RpcHandlers<typeof repositoryCommands> => {
  const pinHostKey = createPinHostKey(deps);
  const { handle, register, change, remove } = entityCommands(deps, {
    kind: 'repository',
    idSequence: 'repository',
    decider: repositoryDecider,
    stream: repositoryStream,
    referencedAs: 'repository',
    /** Before the repository has the path, so that no job meets the host without the pin. */
    beforeAppend: async ({ state }, command) => {
      if (command.type !== 'register' && command.type !== 'change') return undefined;
      const key = sentKey(command.hostKey);
      const { path } = command.type === 'register' ? command.fields : command.changes;
      const address = hostAddressOf(path ?? requireExisting(state, 'repository').fields.path);
      return key && address ? pinHostKey(address, key) : undefined;
    },
  });

  /** Records that the caller is given one of its keys. */
  const recordRead = async (
    uuid: string,
    type: 'repository-key-read' | 'repository-escrow-read',
  ): Promise<ChangeResult> => {
    const { state, version } = await loadState(deps, repositoryDecider, repositoryStream(uuid));
    const { id } = requireExisting(state, 'repository');
    const fact: RepositoryEvent = { type, data: { uuid } };
    const { position } = await recordFact(deps, keyReadsStream(uuid), fact);
    return { uuid, id, version, position: position.toString() };
  };

  const opened = async (secret: Sealed): Promise<string | undefined> =>
    isEncrypted(secret) ? deps.keys.open(secret) : secret;

  const isEscrowed = async ({ escrow }: Repository, borgId: string, key: string): Promise<boolean> =>
    escrow?.borgId === borgId && (await opened(escrow.key)) === key;

  /** Without a passphrase that equals the stored one: a caller who sends back what GET gave changes nothing. */
  const realChanges = async ({ fields }: Repository, changes: RepositoryChanges): Promise<RepositoryChanges> => {
    const { repository_key: key, ...others } = changes;
    if (key === undefined) return changes;
    return (await opened(fields.repository_key)) === key ? others : changes;
  };

  /** Writes that name no schedule need not wait for others. */
  const checkingSchedules = async (
    { check_schedule: check, integrity_schedule: integrity }: RepositoryChanges,
    write: (unknown: UnknownSchedules) => Promise<ChangeResult>,
  ): Promise<ChangeResult> => {
    if ((check ?? integrity ?? null) === null) return write({ check_schedule: [], integrity_schedule: [] });
    return withReferences(deps, async () => {
      await waitForInventory(deps);
      const references = {
        check_schedule: ['schedules', check],
        integrity_schedule: ['schedules', integrity],
      } as const;
      return write(await findUnknownIds(deps.pool, references));
    });
  };

  return {
    register: ({ uuid, command_id, host_key: hostKey, ...fields }) =>
      checkingSchedules(fields, (unknown) =>
        register({ uuid, command_id }, async (id) => ({
          type: 'register' as const,
          ...{ uuid, id, fields, unknown, hostKey },
          keyPair: await newKeyPair(id),
        })),
      ),

    change: ({ changes: sent, host_key: hostKey, ...target }) =>
      checkingSchedules(sent, (unknown) =>
        change(target, async (repository) => ({
          type: 'change' as const,
          ...{ unknown, hostKey },
          changes: await realChanges(repository, sent),
        })),
      ),

    remove: (target) => remove(target, { type: 'remove' }),

    recordPreparation: async ({ uuid, borg_id: borgId, own_key: ownKey, key_installed: keyInstalled, ...found }) =>
      changeResultOf(
        await handle(repositoryStream(uuid), { type: 'prepared', borgId, ownKey, keyInstalled, ...found }),
        'repository',
      ),

    recordKeyRead: ({ uuid }) => recordRead(uuid, 'repository-key-read'),

    generateSsh: (target) =>
      change(target, async ({ id }) => ({ type: 'replace-key-pair', keyPair: await newKeyPair(id) })),

    describeAuthorizedKey: async ({ uuid, append_only: appendOnly, storage_quota: storageQuota }) => {
      const { state } = await loadState(deps, repositoryDecider, repositoryStream(uuid));
      const repository = requireExisting(state, 'repository');
      const limits = { appendOnly, storageQuota: storageQuota ?? undefined };
      return { public_key: repository.publicKey, line: printedLine(repository, limits) };
    },

    escrowKey: async ({ uuid, borg_id: borgId, key }) => {
      const result = await handle(repositoryStream(uuid), async (loaded, execute) => {
        const repository = requireExisting(loaded.state, 'repository');
        if (await isEscrowed(repository, borgId, key)) return { ...loaded, position: undefined, events: [] };
        return execute({ type: 'escrow', borgId, key });
      });
      return changeResultOf(result, 'repository');
    },

    recordEscrowRead: ({ uuid }) => recordRead(uuid, 'repository-escrow-read'),

    resolve: async ({ id }) => {
      await waitForInventory(deps);
      return resolveRepository(deps.pool, id);
    },
  };
};
