import { READER_ROLE, serviceRole } from '@cyborgbackup/database';
import type { ClientBase } from 'pg';
import { quoteIdentifier as quote } from '../define/identifier.ts';
import type { Projection } from '../define/projection.ts';
import type { ReadModel } from '../define/read-model.ts';
import { tableSql } from './table-sql.ts';

/** The schema in which a projection is built, and the name of its checkpoint. */
export const shadowName = ({ name }: Pick<Projection, 'name'>): string => `${name}_rebuild`;

/** Why tables are built anew that are of the right version and complete. */
export const LOST_EVENTS = 'The tables hold events that the log has lost.';

/** The gateway shows read models; the inventory asks the scheduler's which jobs still need what is to be removed. */
const READERS = [READER_ROLE, serviceRole('gateway'), serviceRole('inventory')].join(', ');

/** Makes the schema with its tables and lookups, in the caller's transaction; indexes are for later. Fails when it exists. */
export const createSchema = async (client: ClientBase, schema: string, projection: Projection): Promise<void> => {
  await client.query('SELECT projections.create_schema($1)', [schema]);
  for (const model of projection.models) {
    const { createTable, createLookups } = tableSql(schema, model);
    await client.query(createTable);
    for (const statement of createLookups) await client.query(statement);
  }
  await client.query(`GRANT USAGE ON SCHEMA ${quote(schema)} TO ${READERS}`);
  await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA ${quote(schema)} TO ${READERS}`);
};

export const createIndexes = async (
  client: ClientBase,
  schema: string,
  models: readonly ReadModel[],
): Promise<void> => {
  for (const model of models) {
    for (const statement of tableSql(schema, model).createIndexes) await client.query(statement);
  }
};

/** Tells the planner what the tables hold; right after a bulk load it would otherwise guess. */
export const analyse = async (client: ClientBase, schema: string, projection: Projection): Promise<void> => {
  for (const { table } of projection.models) await client.query(`ANALYZE ${quote(schema)}.${quote(table)}`);
};

export const dropSchema = async (client: ClientBase, schema: string): Promise<void> => {
  await client.query(`DROP SCHEMA IF EXISTS ${quote(schema)} CASCADE`);
};
