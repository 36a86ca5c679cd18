import type { ClientBase } from 'pg';
import { quoteIdentifier as quote } from '../define/identifier.ts';
import type { Projection } from '../define/projection.ts';
import type { ReadModel } from '../define/read-model.ts';
import { tableSql } from './table-sql.ts';

/** The schema in which a projection is built, and the name of its checkpoint. */
export const shadowName = ({ name }: Pick<Projection, 'name'>): string => `${name}_rebuild`;

/** Why tables are built anew that are of the right version and complete. */
export const LOST_EVENTS = 'The tables hold events that the log has lost.';

/**
 * Makes a schema in which tables are built, with its tables and lookups, in the caller's transaction; indexes are for later. Nobody
 * else can read it before it is published. Fails when it exists.
 */
export const createSchema = async (client: ClientBase, schema: string, projection: Projection): Promise<void> => {
  await client.query('SELECT projections.create_schema($1)', [schema]);
  for (const model of projection.models) {
    const { createTable, createLookups } = tableSql(schema, model);
    await client.query(createTable);
    for (const statement of createLookups) await client.query(statement);
  }
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

/**
 * Gives the tables that were built their place, where others read them and only their rows can change.
 * @throws DatabaseError `42P06` when there is such a schema
 */
export const publishSchema = async (client: ClientBase, built: string, schema: string): Promise<void> => {
  await client.query('SELECT projections.publish_schema($1, $2)', [built, schema]);
};

export const dropSchema = async (client: ClientBase, schema: string): Promise<void> => {
  await client.query('SELECT projections.drop_schema($1)', [schema]);
};
