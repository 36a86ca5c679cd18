import { AppError } from '@cyborgbackup/kernel';
import type { ClientBase } from 'pg';
import { readCheckpoint } from '../lease/checkpoint.ts';
import { quoteIdentifier as quote } from '../define/identifier.ts';
import { listParked } from '../schema/parked-events.ts';
import { createSchema } from '../schema/projection-schema.ts';
import type { Projection, ProjectionOptions } from '../define/projection.ts';
import type { ReadModel } from '../define/read-model.ts';
import { underBuildLease } from './rebuild-projection.ts';
import { createSchemaReplay } from './schema-replay.ts';
import { openSession, type Session } from '../schema/session.ts';

/** A row that a rebuild would change. */
export interface RowDifference {
  readonly table: string;
  /** As PostgreSQL writes the row; null where it is missing. */
  readonly live: string | null;
  readonly rebuilt: string | null;
}

export interface Comparison {
  /** The live checkpoint up to which both sides were compared. */
  readonly position: bigint;
  /** Rows in the live tables. */
  readonly rows: number;
  /** Events that neither side has, because the live projection has parked them. */
  readonly parked: number;
  /** At most `MAX_DIFFERENCES` of each table; none when the log alone gives the live tables, byte for byte. */
  readonly differences: readonly RowDifference[];
}

export const MAX_DIFFERENCES = 100;

/**
 * Replays the log into scratch tables up to the live checkpoint and compares every row with the live one. All of it is
 * one transaction with one snapshot, rolled back at the end: live writers go on undisturbed, and nothing is left behind
 * whatever happens. No rebuild can run meanwhile.
 * @throws AppError `conflict` when a rebuild is running, or is due because the tables are of another version
 * @throws PoisonEventError for an event that cannot be projected and is not parked
 */
export const compareProjection = async (options: ProjectionOptions): Promise<Comparison> => {
  const comparison = await underBuildLease(options, async () => {
    await using session = await openSession(options.pool);
    return await compareInSnapshot(options, session);
  });
  if (comparison) return comparison;
  throw new AppError('conflict', `The projection ${options.projection.name} is being rebuilt: compare it afterwards.`);
};

const compareInSnapshot = async (options: ProjectionOptions, { client }: Session): Promise<Comparison> => {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  try {
    await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    return await compareTables(options, client);
  } finally {
    await client.query('ROLLBACK').catch(() => undefined); // the session ends in any case
  }
};

const compareTables = async (options: ProjectionOptions, client: ClientBase): Promise<Comparison> => {
  const { projection } = options;
  const live = await readCheckpoint(client, projection.name); // fixes the snapshot
  if (live?.version !== projection.version) {
    throw new AppError('conflict', `The projection ${projection.name} has to be rebuilt before it can be compared.`);
  }
  const parked = await listParked(client, projection.name);
  const skipped = new Set(parked.map(({ position }) => position));
  const scratch = `${projection.name}_compare`;
  await createSchema(client, scratch, projection);
  const replay = createSchemaReplay(options, { client, schema: scratch, skipped, commit: (write) => write() });
  await replay.catchUp(live.position);

  const differences: RowDifference[] = [];
  let rows = 0;
  for (const model of projection.models) {
    rows += await countRows(client, projection, model);
    differences.push(...(await compareTable(client, { model, live: projection.name, scratch })));
  }
  return { position: live.position, rows, parked: parked.length, differences };
};

const countRows = async (client: ClientBase, { name }: Projection, { table }: ReadModel): Promise<number> => {
  const { rows } = await client.query<{ readonly count: string }>(
    `SELECT count(*)::text AS count FROM ${quote(name)}.${quote(table)}`,
  );
  return Number(rows[0]?.count ?? 0);
};

const compareTable = async (
  client: ClientBase,
  { model, live, scratch }: { readonly model: ReadModel; readonly live: string; readonly scratch: string },
): Promise<RowDifference[]> => {
  const sameKey = model.key.map(({ name }) => `live.${quote(name)} = rebuilt.${quote(name)}`).join(' AND ');
  const { rows } = await client.query<RowDifference>(
    `SELECT $1::text AS table, live::text AS live, rebuilt::text AS rebuilt
       FROM ${quote(live)}.${quote(model.table)} AS live
       FULL JOIN ${quote(scratch)}.${quote(model.table)} AS rebuilt ON ${sameKey}
      WHERE live::text IS DISTINCT FROM rebuilt::text
      LIMIT ${MAX_DIFFERENCES}`,
    [model.table],
  );
  return rows;
};
