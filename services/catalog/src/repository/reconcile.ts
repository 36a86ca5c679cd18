import { archiveStream, unknownArchivesStream, type catalogCommands, type RpcHandlers } from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { WAIT_MILLIS } from '@cyborgbackup/projections';
import { commandDeps, type ServiceParts } from '@cyborgbackup/service';
import { createHandleArchive } from '../archive/archive-handlers.ts';
import { catalogProjection } from '../read/catalog-projection.ts';
import { cataloguedArchives, type CataloguedArchive } from '../read/catalogued-archives.ts';
import { foundArchivesDecider, type ListedArchive } from './decider.ts';

/** Appends that one decision makes, at most; an append takes no more. */
const MAX_FOUND = 500;

/** Compares what borg lists with what is catalogued, and records what differs. */
export const createReconcile = (parts: ServiceParts): RpcHandlers<typeof catalogCommands>['reconcile'] => {
  const handleArchive = createHandleArchive(parts);
  const handleFound = handleCommand(commandDeps(parts, 'catalog'), foundArchivesDecider);

  /** @returns the last position, 0 when there was nothing to record */
  const recordDrift = async (
    what: 'miss' | 'find',
    repository: string,
    drifted: readonly CataloguedArchive[],
  ): Promise<bigint> => {
    let last = 0n;
    for (const { job_uuid: job, archive_name: archive, borg_id } of drifted) {
      const command = { do: what, job, repository, archive, borg_id };
      const { position = 0n } = await handleArchive(archiveStream(job), command);
      last = position > last ? position : last;
    }
    return last;
  };

  const recordUnknown = async (repository: string, archives: readonly ListedArchive[]): Promise<readonly string[]> => {
    const names: string[] = [];
    for (let at = 0; at < archives.length; at += MAX_FOUND) {
      const some = archives.slice(at, at + MAX_FOUND);
      const { events } = await handleFound(unknownArchivesStream(repository), { repository, archives: some });
      names.push(...events.map(({ data }) => data.archive));
    }
    return names;
  };

  return async ({ repository, known_until, after, until, archives }) => {
    const knownUntil = BigInt(known_until);
    await parts.waiter.waitForProjections([catalogProjection.name], knownUntil, WAIT_MILLIS.listing);
    const known = await cataloguedArchives(parts.pool, repository, { after, until });
    const listed = new Set(archives.map(({ borg_id }) => borg_id));
    const ours = new Set(known.map(({ borg_id }) => borg_id));
    const gone = known.filter(
      ({ borg_id, position, removed }) => !removed && !listed.has(borg_id) && BigInt(position) <= knownUntil,
    );
    const back = known.filter(({ borg_id, removed }) => removed && listed.has(borg_id));
    const missed = await recordDrift('miss', repository, gone);
    const found = await recordDrift('find', repository, back);
    const last = found > missed ? found : missed;
    const unknown = await recordUnknown(
      repository,
      archives.filter(({ borg_id }) => !ours.has(borg_id)),
    );
    return {
      vanished: gone.map(({ archive_name }) => archive_name),
      reappeared: back.map(({ archive_name }) => archive_name),
      unknown: [...unknown],
      position: last === 0n ? null : last.toString(),
    };
  };
};
