import { catalogStream, type CatalogEvent, type catalogCommands } from '@cyborgbackup/contracts';
import { handleCommand, type CommandHandler } from '@cyborgbackup/event-store';
import { commandDeps, drawIdBlock, type ServiceParts } from '@cyborgbackup/service';
import type { z } from 'zod';
import { findArchive } from '../read/find-archive.ts';
import { archiveDecider, type ArchiveCommand, type ArchiveState } from './decider.ts';

type Input<Name extends keyof typeof catalogCommands> = z.output<(typeof catalogCommands)[Name]['input']>;
type Output<Name extends keyof typeof catalogCommands> = z.output<(typeof catalogCommands)[Name]['output']>;

/** What the catalog does for other services. */
export interface ArchiveHandlers {
  addBatch(input: Input<'addBatch'>): Promise<Output<'addBatch'>>;
  complete(input: Input<'complete'>): Promise<Output<'complete'>>;
  forget(input: Input<'forget'>): Promise<Output<'forget'>>;
}

export const createArchiveHandlers = (parts: ServiceParts): ArchiveHandlers => {
  const handle: CommandHandler<ArchiveState, ArchiveCommand, CatalogEvent> = handleCommand(
    commandDeps(parts, 'catalog'),
    archiveDecider,
  );
  const run = async (job: string, command: ArchiveCommand): Promise<string> => {
    const { position } = await handle(catalogStream(job), command);
    return (position ?? 0n).toString();
  };
  return {
    addBatch: async ({ job, batch, entries }) => {
      const firstId = await drawIdBlock(parts.pool, 'catalog_entry', entries.length);
      return { position: await run(job, { do: 'add-batch', job, batch, firstId, entries }) };
    },
    complete: async ({ job, batches, entries }) => ({
      position: await run(job, { do: 'complete', job, batches, entries }),
    }),
    forget: async ({ repository, archive, reason }) => {
      const job = await findArchive(parts.pool, repository, archive);
      return { position: job === undefined ? null : await run(job, { do: 'forget', job, reason }) };
    },
  };
};
