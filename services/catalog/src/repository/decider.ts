import type { unknownArchiveFound } from '@cyborgbackup/contracts';
import type { Decider, EventOf } from '@cyborgbackup/kernel';

/** An archive as borg lists it. */
export interface RepositoryArchive {
  readonly name: string;
  readonly borg_id: string;
}

interface RecordUnknownArchives {
  readonly repository: string;
  readonly archives: readonly RepositoryArchive[];
}

/**
 * Archives of a repository that no job of ours made, stream `catalog-repository-<repository>`: each is recorded once, however
 * often it is found. The state holds their borg ids.
 */
export const unknownArchivesDecider: Decider<
  ReadonlySet<string>,
  RecordUnknownArchives,
  EventOf<typeof unknownArchiveFound>
> = {
  initialState: new Set(),
  decide: ({ repository, archives }, ids) =>
    archives
      .filter(({ borg_id }) => !ids.has(borg_id))
      .map(({ name, borg_id }) => ({ type: 'unknown-archive-found', data: { repository, archive: name, borg_id } })),
  evolve: (ids, { data }) => new Set([...ids, data.borg_id]),
};
