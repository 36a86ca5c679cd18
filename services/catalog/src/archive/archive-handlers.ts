import { archiveStream, type catalogCommands, type RpcHandlers } from '@cyborgbackup/contracts';
import { handleCommand, type CommandHandler } from '@cyborgbackup/event-store';
import { WAIT_MILLIS } from '@cyborgbackup/projections';
import { commandDeps, type ServiceParts } from '@cyborgbackup/service';
import { catalogProjection } from '../read/catalog-projection.ts';
import { findArchive } from '../read/find-archive.ts';
import { archiveDecider, type ArchiveCommand, type ArchiveEvent, type ArchiveState } from './decider.ts';

/** Appends what happened to an archive. */
export type HandleArchive = CommandHandler<ArchiveState, ArchiveCommand, ArchiveEvent>;

export const createHandleArchive = (parts: ServiceParts): HandleArchive =>
  handleCommand(commandDeps(parts, 'catalog'), archiveDecider);

/** What the catalog does with single archives. */
export const createArchiveHandlers = (
  parts: ServiceParts,
): Pick<RpcHandlers<typeof catalogCommands>, 'removeArchive' | 'recordFindings'> => {
  const handle = createHandleArchive(parts);
  const run = async (command: ArchiveCommand): Promise<string> => {
    const { position } = await handle(archiveStream(command.job), command);
    return (position ?? 0n).toString();
  };
  return {
    removeArchive: async ({ repository, archive, reason }) => {
      // An archive that the read model does not know yet would stay for ever.
      await parts.waiter.waitForProjections([catalogProjection.name], 'head', WAIT_MILLIS.listing);
      const job = await findArchive(parts.pool, repository, archive);
      return { position: job === undefined ? null : await run({ do: 'forget', job, reason }) };
    },
    recordFindings: async (input) => ({ position: await run({ do: 'check', ...input }) }),
  };
};
