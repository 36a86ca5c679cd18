import { archiveStream, type catalogCommands, type RpcInput, type RpcOutput } from '@cyborgbackup/contracts';
import { handleCommand, type CommandHandler } from '@cyborgbackup/event-store';
import { commandDeps, type ServiceParts } from '@cyborgbackup/service';
import { findArchive } from '../read/find-archive.ts';
import type { ReadModel } from '../read/read-model.ts';
import { archiveDecider, type ArchiveCommand, type ArchiveEvent, type ArchiveState } from './decider.ts';

type Commands = typeof catalogCommands;

/** What the catalog does with single archives. */
export interface ArchiveHandlers {
  removeArchive(input: RpcInput<Commands['removeArchive']>): Promise<RpcOutput<Commands['removeArchive']>>;
  recordFindings(input: RpcInput<Commands['recordFindings']>): Promise<RpcOutput<Commands['recordFindings']>>;
}

/** Appends what happened to an archive. */
export type HandleArchive = CommandHandler<ArchiveState, ArchiveCommand, ArchiveEvent>;

export const createHandleArchive = (parts: ServiceParts): HandleArchive =>
  handleCommand(commandDeps(parts, 'catalog'), archiveDecider);

export const createArchiveHandlers = (parts: ServiceParts, readModel: ReadModel): ArchiveHandlers => {
  const handle = createHandleArchive(parts);
  const run = async (command: ArchiveCommand): Promise<string> => {
    const { position } = await handle(archiveStream(command.job), command);
    return (position ?? 0n).toString();
  };
  return {
    removeArchive: async ({ repository, archive, reason }) => {
      // An archive that the read model does not know yet would stay for ever.
      await readModel.reaches(await parts.store.head());
      const job = await findArchive(parts.pool, repository, archive);
      return { position: job === undefined ? null : await run({ do: 'forget', job, reason }) };
    },
    recordFindings: async (input) => ({ position: await run({ do: 'check', ...input }) }),
  };
};
