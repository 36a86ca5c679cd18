import { messageOf } from '@cyborgbackup/kernel';
import { fitsLog, installCheckpoint, readCheckpoint, type Checkpoint } from '../lease/checkpoint.ts';
import { ensureProjection } from '../schema/ensure-projection.ts';
import { acquireLease, keepLease, releaseLease, underLease, type Lease } from '../lease/lease.ts';
import { listParked } from '../schema/parked-events.ts';
import { PoisonEventError } from '../fold/poison-event.ts';
import type { ProjectionOptions } from '../define/projection.ts';
import { lacksColumns, missingColumns } from '../schema/missing-columns.ts';
import { openSession, type Session } from '../schema/session.ts';
import { LOST_EVENTS, shadowName } from '../schema/projection-schema.ts';
import { dropReplaced, openShadow, swapSchemas } from './shadow-schema.ts';

/**
 * Builds a projection's tables anew from the log and puts them in the place of the live ones, which can be read all the
 * while. A runner of the projection, wherever it is, is interrupted at the end and goes on with the new tables.
 *
 *  1. the build lease, which belongs to the shadow: one builder at a time;
 *  2. an empty shadow schema, without secondary indexes;
 *  3. the log up to its present head; 4. the indexes; 5. what came in meanwhile;
 *  6. the lease of the live tables, by force: from here on no runner writes them;
 *  7. the last few events, at least as far as the live tables went, so that no reader sees time go backwards
 *     (unless the log itself did);
 *  8. the swap: two renames and the checkpoint in one transaction; 9. the old tables are dropped.
 *
 * An event that cannot be projected stops a rebuild, and the live tables stay; only what the live projection has parked
 * already stays parked.
 * @returns false when another process is building it at this moment
 * @throws PoisonEventError
 */
export const rebuildProjection = async (options: ProjectionOptions): Promise<boolean> => {
  await ensureProjection(options.pool, options.projection);
  const lease = await rebuild(options, () => Promise.resolve(true));
  if (lease) await releaseLease(options.pool, lease, options.logger);
  return lease !== undefined;
};

/** What is wrong with tables of this version, in one sentence, so that they have to be rebuilt. */
export const faultOf = async (
  { pool, store, projection }: ProjectionOptions,
  live: Checkpoint,
): Promise<string | undefined> => {
  const missing = await missingColumns(pool, projection.name, projection.models);
  if (missing.length > 0) return lacksColumns(missing);
  return (await fitsLog(store, live)) ? undefined : LOST_EVENTS;
};

/** As `rebuildProjection`, if the tables are of another version or not right. Ends as the live tables' owner, if it does rebuild. */
export const rebuildOutdated = (options: ProjectionOptions): Promise<Lease | undefined> =>
  rebuild(
    options,
    async (live) => live.version !== options.projection.version || (await faultOf(options, live)) !== undefined,
  );

const rebuild = (
  options: ProjectionOptions,
  isNeeded: (live: Checkpoint) => Promise<boolean>,
): Promise<Lease | undefined> =>
  underBuildLease(options, async (buildLease) => {
    const live = await readCheckpoint(options.pool, options.projection.name);
    return live && (await isNeeded(live)) ? await buildDespiteParked(options, buildLease) : undefined;
  });

/** Does some work under the lease on the shadow. Undefined while another process rebuilds or compares. */
export const underBuildLease = async <T>(
  { pool, projection, owner, logger }: ProjectionOptions,
  work: (lease: Lease) => Promise<T>,
): Promise<T | undefined> => {
  const name = shadowName(projection);
  await installCheckpoint(pool, name, projection.version);
  const lease = await acquireLease(pool, { name, owner, logger });
  return lease && underLease(pool, lease, { logger }, () => work(lease));
};

/** Tries all events first: the code may have learnt to digest what was parked. */
const buildDespiteParked = async (options: ProjectionOptions, buildLease: Lease): Promise<Lease> => {
  try {
    return await buildAndSwap(options, buildLease, new Set());
  } catch (error) {
    if (!(error instanceof PoisonEventError)) throw error;
    const parked = await listParked(options.pool, options.projection.name);
    const skipped = new Set(parked.map(({ position }) => position));
    if (!skipped.has(error.event.position)) throw error;
    return await buildAndSwap(options, buildLease, skipped);
  }
};

const buildAndSwap = async (
  options: ProjectionOptions,
  buildLease: Lease,
  skipped: ReadonlySet<bigint>,
): Promise<Lease> => {
  const { pool, store, projection, logger } = options;
  logger.info({ projection: projection.name, version: projection.version }, 'Rebuilding the projection');
  await using session = await openSession(pool);
  await dropReplaced(session, projection); // an earlier rebuild's; fails now rather than at the swap
  const shadow = await openShadow(options, { session, buildLease, skipped }); // 2
  await shadow.catchUp(await store.head()); // 3
  await shadow.createIndexes(); // 4
  await shadow.catchUp(await store.head()); // 5
  const live = await takeLive(options); // 6
  try {
    await using _kept = keepLease(pool, live, { logger });
    const head = await store.head();
    const position = head > live.position || !(await fitsLog(store, live)) ? head : live.position;
    await shadow.catchUp(position); // 7
    const hash = (await store.hashAt(position)) ?? null;
    await swapSchemas(session, { projection, live, shadow: buildLease, position, hash, skipped }); // 8
    logger.info({ projection: projection.name, position: position.toString() }, 'The projection is rebuilt');
    await dropOld(options, session); // 9
    return { ...live, version: projection.version, position, hash };
  } catch (error) {
    await releaseLease(pool, live, logger);
    throw error;
  }
};

const takeLive = async ({ pool, projection, owner, logger }: ProjectionOptions): Promise<Lease> => {
  const lease = await acquireLease(pool, { name: projection.name, owner, logger, force: true });
  if (!lease) throw new Error(`Projection ${projection.name} is not installed`);
  return lease;
};

const dropOld = async ({ projection, logger }: ProjectionOptions, session: Session): Promise<void> => {
  try {
    await dropReplaced(session, projection);
  } catch (error) {
    logger.warn(
      { projection: projection.name, reason: messageOf(error) },
      'The replaced tables are still being read; the next rebuild drops them',
    );
  }
};
