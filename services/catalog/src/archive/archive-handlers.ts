import { archiveStream, type catalogCommands, type RpcHandlers } from '@cyborgbackup/contracts';
import { handleCommand, type CommandHandler } from '@cyborgbackup/event-store';
import { WAIT_MILLIS } from '@cyborgbackup/projections';
import type { ServiceDeps } from '@cyborgbackup/service';
import type { Pool } from 'pg';
import { catalogProjection } from '../fold/catalog-projection.ts';
import { archiveDecider, type ArchiveCommand, type ArchiveEvent, type ArchiveState } from './decider.ts';

type HandleArchive = CommandHandler<ArchiveState, ArchiveCommand, ArchiveEvent>;

export const createHandleArchive = (deps: ServiceDeps): HandleArchive =>
  handleCommand({ ...deps, service: 'catalog' }, archiveDecider);

/** The backup job that made an archive of this name which is still in the repository. */
const findJob = async (pool: Pool, repository: string, archive: string): Promise<string | undefined> => {
  const { rows } = await pool.query<{ job_uuid: string }>(
    'select job_uuid from catalog.archives where repository_uuid = $1 and archive_name = $2 and not removed limit 1',
    [repository, archive],
  );
  return rows[0]?.job_uuid;
};

/** The commands for single archives. */
export const createArchiveHandlers = (
  deps: ServiceDeps,
): Pick<RpcHandlers<typeof catalogCommands>, 'removeArchive' | 'recordFindings'> => {
  const handle = createHandleArchive(deps);
  const record = async (event: ArchiveEvent): Promise<string> => {
    const { position } = await handle(archiveStream(event.data.job), { type: 'record', event });
    return (position ?? 0n).toString();
  };
  return {
    removeArchive: async ({ repository, archive, reason }) => {
      // The read model must know the archive by now: otherwise it would not be removed and stay for ever.
      await deps.waiter.waitForProjections([catalogProjection.name], 'head', WAIT_MILLIS.listing);
      const job = await findJob(deps.pool, repository, archive);
      return { position: job === undefined ? null : await record({ type: 'archive-removed', data: { job, reason } }) };
    },
    recordFindings: async (input) => ({ position: await record({ type: 'archive-checked', data: input }) }),
  };
};
