import { FencedOutError } from '../lease/checkpoint.ts';
import { quoteIdentifier as quote } from '../define/identifier.ts';
import type { Lease } from '../lease/lease.ts';
import { dropSchema } from '../schema/projection-schema.ts';
import type { Projection } from '../define/projection.ts';
import type { Session } from '../schema/session.ts';

export interface Swap {
  readonly projection: Projection;
  readonly live: Lease;
  readonly shadow: Lease;
  /** How far the shadow reaches. */
  readonly position: bigint;
  /** Positions that the shadow lacks as well, so that they stay parked. */
  readonly skipped: ReadonlySet<bigint>;
}

const replacedName = ({ name }: Projection): string => `${name}_replaced`;

/**
 * Puts the shadow in the place of the live schema. Renaming a schema takes no lock on its tables: a query under way ends
 * on the old tables, the next one finds the new ones, and plans of prepared statements are made anew.
 * @throws FencedOutError when either lease is lost; nothing has changed then
 */
export const swapSchemas = async (session: Session, swap: Swap): Promise<void> => {
  const { projection, live, shadow, position, skipped } = swap;
  const { client } = session;
  await session.inTransaction(async () => {
    await client.query('SET LOCAL synchronous_commit = on');
    const moved = await client.query(
      `UPDATE projections.checkpoints SET version = $3, position = $4, updated_at = clock_timestamp()
        WHERE name = $1 AND fence = $2 AND position <= $4`,
      [live.name, live.fence, projection.version, position],
    );
    // the row stays, because fences must never be used twice
    const ended = await client.query(
      'UPDATE projections.checkpoints SET position = 0, fence = fence + 1, owner = NULL WHERE name = $1 AND fence = $2',
      [shadow.name, shadow.fence],
    );
    if (moved.rowCount !== 1 || ended.rowCount !== 1) throw new FencedOutError(projection.name);
    await client.query('DELETE FROM projections.parked WHERE projection = $1 AND position <> ALL ($2::bigint[])', [
      projection.name,
      [...skipped].map(String),
    ]);
    await client.query(`ALTER SCHEMA ${quote(live.name)} RENAME TO ${quote(replacedName(projection))}`);
    await client.query(`ALTER SCHEMA ${quote(shadow.name)} RENAME TO ${quote(live.name)}`);
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
