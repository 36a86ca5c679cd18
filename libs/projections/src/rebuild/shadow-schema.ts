import { advanceCheckpoint, FencedOutError } from '../lease/checkpoint.ts';
import type { Lease } from '../lease/lease.ts';
import type { Projection, ProjectionOptions } from '../define/projection.ts';
import { createSchema, dropSchema } from '../schema/projection-schema.ts';
import { createSchemaReplay, type SchemaReplay } from './schema-replay.ts';
import type { Session } from '../schema/session.ts';

/** The schema in which a projection is built, and the name of its checkpoint. */
export const shadowName = ({ name }: Projection): string => `${name}_rebuild`;

export interface ShadowOptions {
  readonly options: ProjectionOptions;
  readonly session: Session;
  /** The lease on the shadow's checkpoint. */
  readonly right: Lease;
  readonly skipped: ReadonlySet<bigint>;
}

/** Makes an empty shadow schema, in place of one that an earlier attempt may have left, to be filled from the log. */
export const openShadow = async ({ options, session, right, skipped }: ShadowOptions): Promise<SchemaReplay> => {
  const { client, inTransaction } = session;
  await inTransaction(() => startOver(session, options.projection, right));
  return createSchemaReplay({
    options,
    client,
    schema: right.name,
    skipped,
    commit: (write, from, to) =>
      inTransaction(async () => {
        await write();
        await advanceCheckpoint(client, { name: right.name, fence: right.fence, from, to });
      }),
  });
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
