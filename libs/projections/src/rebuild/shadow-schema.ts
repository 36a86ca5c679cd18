import { advanceCheckpoint, FencedOutError } from '../lease/checkpoint.ts';
import type { Lease } from '../lease/lease.ts';
import type { Projection, ProjectionOptions } from '../define/projection.ts';
import { createSchema, dropSchema, publishSchema } from '../schema/projection-schema.ts';
import { createSchemaReplay, type SchemaReplay } from './schema-replay.ts';
import type { Session } from '../schema/session.ts';

/** Makes an empty shadow schema, in place of one that an earlier attempt may have left, to be filled from the log. */
export const openShadow = async (
  options: ProjectionOptions,
  {
    session,
    buildLease,
    skipped,
  }: { readonly session: Session; readonly buildLease: Lease; readonly skipped: ReadonlySet<bigint> },
): Promise<SchemaReplay> => {
  const { client, inTransaction } = session;
  const { name, fence } = buildLease;
  await inTransaction(() => startOver(session, options.projection, buildLease));
  return createSchemaReplay(options, {
    client,
    schema: name,
    skipped,
    commit: (write, from, to) =>
      inTransaction(async () => {
        await write();
        await advanceCheckpoint(client, { name, fence, from, to: { position: to, hash: null } });
      }),
  });
};

const startOver = async ({ client }: Session, projection: Projection, { name, fence }: Lease): Promise<void> => {
  const { rowCount } = await client.query(
    'UPDATE projections.checkpoints SET version = $3, position = 0 WHERE name = $1 AND fence = $2',
    [name, fence, projection.version],
  );
  if (rowCount !== 1) throw new FencedOutError(name);
  await dropSchema(client, name);
  await createSchema(client, name, projection);
};

const replacedName = ({ name }: Projection): string => `${name}_replaced`;

/**
 * Puts the shadow's tables in the place of the live ones. Renaming a schema takes no lock on its tables: a query under way ends
 * on the old tables, the next one finds the new ones, and plans of prepared statements are made anew.
 * @param swap.position how far the shadow reaches, and `swap.hash` of the event there
 * @param swap.skipped positions of events that the shadow lacks as well, so that they stay parked
 * @throws FencedOutError when either lease is lost; nothing has changed then
 */
export const swapSchemas = async (
  session: Session,
  swap: {
    readonly projection: Projection;
    readonly live: Lease;
    readonly shadow: Lease;
    readonly position: bigint;
    readonly hash: string | null;
    readonly skipped: ReadonlySet<bigint>;
  },
): Promise<void> => {
  const { projection, live, shadow, position, hash, skipped } = swap;
  const { client } = session;
  await session.inTransaction(async () => {
    await client.query('SET LOCAL synchronous_commit = on');
    const moved = await client.query(
      `UPDATE projections.checkpoints SET version = $3, position = $4, hash = $5, updated_at = clock_timestamp()
        WHERE name = $1 AND fence = $2 AND position = $6`,
      [live.name, live.fence, projection.version, position, hash, live.position],
    );
    // the row stays, because fences must never be used twice
    const ended = await client.query(
      'UPDATE projections.checkpoints SET position = 0, hash = NULL, fence = fence + 1, owner = NULL WHERE name = $1 AND fence = $2',
      [shadow.name, shadow.fence],
    );
    if (moved.rowCount !== 1 || ended.rowCount !== 1) throw new FencedOutError(projection.name);
    await client.query(
      'DELETE FROM projections.parked_events WHERE projection = $1 AND position <> ALL ($2::bigint[])',
      [projection.name, [...skipped].map(String)],
    );
    await client.query('SELECT projections.retire_schema($1)', [live.name]);
    await publishSchema(client, shadow.name, live.name);
  });
};

/**
 * Drops the tables that a swap has replaced, this one's or an earlier one's. In a transaction of its own: dropping waits
 * for readers of the old tables, and new readers must not queue up behind it for long.
 */
export const dropReplaced = (session: Session, projection: Projection): Promise<void> =>
  session.inTransaction(async () => {
    await session.client.query(`SET LOCAL lock_timeout = '2s'`);
    await dropSchema(session.client, replacedName(projection));
  });
