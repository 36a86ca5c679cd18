import { ensureRoles, loadMigrations, lockUntilCommit, migrate, READER_ROLE } from '@cyborgbackup/database';
import { AppError, sqlState } from '@cyborgbackup/kernel';
import type { ClientBase, Pool } from 'pg';
import { installCheckpoint, readCheckpoint, type Checkpoint } from '../lease/checkpoint.ts';
import type { Projection } from '../define/projection.ts';
import { createIndexes, createSchema, dropSchema, publishSchema, shadowName } from './projection-schema.ts';
import { openSession } from './session.ts';

/**
 * Prepares a database for projections, after `installEventStore`. Needs the owner of the database; may be repeated, also by
 * several processes at once.
 *
 * Who may do what: a service builds its own read models, which can always be had again from the log, where nobody else looks. Then
 * they are published: others read them, so the service may change their rows only, and what makes a table run code is refused. All
 * that takes the rights of an owner, services do through functions that look at the name. See docs/decisions/0027-a-role-for-each-service.md.
 * @throws AppError `forbidden` when a role is missing and may not be made, with the SQL for the administrator
 */
export const installProjections = async (admin: ClientBase): Promise<void> => {
  await ensureRoles(admin, [READER_ROLE]);
  await migrate(admin, 'projections', loadMigrations(new URL('./sql/', import.meta.url)));
};

/**
 * Makes the projection's schema, tables and indexes when it has none, so that they can be read (empty) before the first
 * event is folded. Tables of another version are left alone: `runProjection` rebuilds them.
 * @returns version and position of the tables that are there now
 * @throws AppError `conflict` when the schema exists but is not a projection's
 */
export const ensureProjection = async (pool: Pool, projection: Projection): Promise<Checkpoint> => {
  const known = await readCheckpoint(pool, projection.name);
  if (known) return known;
  await using session = await openSession(pool);
  const { client } = session;
  return await session.inTransaction(async () => {
    // Processes that start at the same moment wait for each other here.
    await lockUntilCommit(client, 'projection', projection.name);
    const made = await readCheckpoint(client, projection.name);
    if (made) return made;
    await createOwnSchema(client, projection);
    await installCheckpoint(client, projection.name, projection.version);
    return { version: projection.version, position: 0n, hash: null };
  });
};

const createOwnSchema = async (client: ClientBase, projection: Projection): Promise<void> => {
  const shadow = shadowName(projection);
  await dropSchema(client, shadow);
  await createSchema(client, shadow, projection);
  await createIndexes(client, shadow, projection.models);
  try {
    await publishSchema(client, shadow, projection.name);
  } catch (error) {
    if (sqlState(error) !== DUPLICATE_SCHEMA) throw error;
    throw new AppError(
      'conflict',
      `The schema ${projection.name} exists but holds no projection: rename or drop it, read models need it for themselves.`,
      { cause: error },
    );
  }
};

const DUPLICATE_SCHEMA = '42P06';
