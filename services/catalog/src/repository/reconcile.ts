import { archiveStream, unknownArchivesStream, type catalogCommands, type RpcHandlers } from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { WAIT_MILLIS } from '@cyborgbackup/projections';
import type { ArchiveRow } from '@cyborgbackup/read-models';
import type { ServiceDeps } from '@cyborgbackup/service';
import type { Pool } from 'pg';
import { createHandleArchive } from '../archive/archive-handlers.ts';
import { catalogProjection } from '../fold/catalog-projection.ts';
import { unknownArchivesDecider, type RepositoryArchive } from './decider.ts';

/** Appends that one decision makes, at most; an append takes no more. */
const MAX_UNKNOWN = 500;

/** An archive that a job of ours made. */
interface CataloguedArchive extends Pick<ArchiveRow, 'job_uuid' | 'archive_name' | 'borg_id' | 'removed'> {
  readonly position: string;
}

/** Archives of a repository whose borg id, as text, is above `after` and not above `until` (null: no upper bound). */
const findCatalogued = async (
  pool: Pool,
  repository: string,
  after: string,
  until: string | null,
): Promise<readonly CataloguedArchive[]> => {
  const { rows } = await pool.query<CataloguedArchive>(
    `select job_uuid, archive_name, borg_id, position::text, removed from catalog.archives
      where repository_uuid = $1 and borg_id <> ''
        and borg_id collate "C" > $2 and ($3::text is null or borg_id collate "C" <= $3)`,
    [repository, after, until],
  );
  return rows;
};

/** Compares what borg lists with what is catalogued, and records what differs. */
export const createReconcile = (deps: ServiceDeps): RpcHandlers<typeof catalogCommands>['reconcile'] => {
  const handleArchive = createHandleArchive(deps);
  const handleUnknown = handleCommand({ ...deps, service: 'catalog' }, unknownArchivesDecider);

  /** @returns the last position, 0 when there was nothing to record */
  const recordDrift = async (
    type: 'archive-vanished' | 'archive-reappeared',
    repository: string,
    archives: readonly CataloguedArchive[],
  ): Promise<bigint> => {
    let last = 0n;
    for (const { job_uuid: job, archive_name: archive, borg_id } of archives) {
      const event = { type, data: { job, repository, archive, borg_id } };
      const { position = 0n } = await handleArchive(archiveStream(job), { type: 'record', event });
      last = position > last ? position : last;
    }
    return last;
  };

  const recordUnknown = async (
    repository: string,
    archives: readonly RepositoryArchive[],
  ): Promise<readonly string[]> => {
    const names: string[] = [];
    for (let at = 0; at < archives.length; at += MAX_UNKNOWN) {
      const some = archives.slice(at, at + MAX_UNKNOWN);
      const { events } = await handleUnknown(unknownArchivesStream(repository), { repository, archives: some });
      names.push(...events.map(({ data }) => data.archive));
    }
    return names;
  };

  return async ({ repository, known_until, after, until, archives }) => {
    const knownUntil = BigInt(known_until);
    await deps.waiter.waitForProjections([catalogProjection.name], knownUntil, WAIT_MILLIS.listing);
    const catalogued = await findCatalogued(deps.pool, repository, after, until);
    const listedIds = new Set(archives.map(({ borg_id }) => borg_id));
    const cataloguedIds = new Set(catalogued.map(({ borg_id }) => borg_id));
    const vanished = catalogued.filter(
      ({ borg_id, position, removed }) => !removed && !listedIds.has(borg_id) && BigInt(position) <= knownUntil,
    );
    const reappeared = catalogued.filter(({ borg_id, removed }) => removed && listedIds.has(borg_id));
    const lastVanished = await recordDrift('archive-vanished', repository, vanished);
    const lastReappeared = await recordDrift('archive-reappeared', repository, reappeared);
    const last = lastReappeared > lastVanished ? lastReappeared : lastVanished;
    const unknown = await recordUnknown(
      repository,
      archives.filter(({ borg_id }) => !cataloguedIds.has(borg_id)),
    );
    return {
      vanished: vanished.map(({ archive_name }) => archive_name),
      reappeared: reappeared.map(({ archive_name }) => archive_name),
      unknown: [...unknown],
      position: last === 0n ? null : last.toString(),
    };
  };
};
