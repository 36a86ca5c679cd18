import { advanceCheckpoint, FencedOutError } from './checkpoint.ts';
import type { Lease } from './lease.ts';
import { KEPT_ROWS, MAX_ROWS, replayLog } from './log-replay.ts';
import { createProjectionFold } from './projection-fold.ts';
import { analyse, createIndexes, createSchema, dropSchema } from './projection-schema.ts';
import type { Projection } from './projection.ts';
import type { ProjectionOptions } from './projection-options.ts';
import type { Session } from './session.ts';
import { dropReplaced } from './swap-schemas.ts';

/** The schema in which a projection is built, and the name of its checkpoint. */
export const shadowName = ({ name }: Projection): string => `${name}_rebuild`;

export interface ShadowBuild {
  /** Folds the log up to this position, writes it all. */
  catchUp(to: bigint): Promise<void>;
  createIndexes(): Promise<void>;
}

export interface ShadowOptions {
  readonly options: ProjectionOptions;
  readonly session: Session;
  /** The lease on the shadow's checkpoint. */
  readonly right: Lease;
  readonly skipped: ReadonlySet<bigint>;
}

/** Makes an empty shadow schema, in place of one that an earlier attempt may have left. */
export const openShadow = async ({ options, session, right, skipped }: ShadowOptions): Promise<ShadowBuild> => {
  const { projection } = options;
  const { client, inTransaction } = session;
  const schema = shadowName(projection);
  await dropReplaced(session, projection); // fails now rather than at the swap
  await inTransaction(() => startOver(session, projection, right));

  const fold = createProjectionFold({ client, schema, projection, empty: true });
  const indexed = new Set<string>();
  let written = 0n;

  const flush = async (to: bigint): Promise<void> => {
    await inTransaction(async () => {
      await fold.write();
      await advanceCheckpoint(client, { name: schema, fence: right.fence, from: written, to });
    });
    written = to;
    fold.letGo(KEPT_ROWS);
  };

  const index = async (tables: ReadonlySet<string>): Promise<void> => {
    const models = projection.models.filter(({ table }) => tables.has(table) && !indexed.has(table));
    if (models.length === 0) return;
    await inTransaction(async () => {
      await client.query('SET LOCAL statement_timeout = 0');
      await createIndexes(client, schema, models);
    });
    models.forEach(({ table }) => indexed.add(table));
  };

  const afterPage = async (to: bigint): Promise<void> => {
    if (fold.size() < MAX_ROWS) return;
    await flush(to);
    // from now on such a table is searched by value on disk, once a page
    await index(fold.tablesMatched());
  };

  return {
    catchUp: async (to) => {
      await replayLog({ options, fold, skipped, afterPage }, written, to);
      if (written < to) await flush(to);
    },
    createIndexes: async () => {
      await index(new Set(projection.models.map(({ table }) => table)));
      await analyse(client, schema, projection);
    },
  };
};

const startOver = async ({ client }: Session, projection: Projection, right: Lease): Promise<void> => {
  const { rowCount } = await client.query(
    'UPDATE projections.checkpoints SET version = $3, position = 0 WHERE name = $1 AND fence = $2',
    [right.name, right.fence, projection.version],
  );
  if (rowCount !== 1) throw new FencedOutError(right.name);
  await dropSchema(client, right.name);
  await createSchema(client, right.name, projection);
};
