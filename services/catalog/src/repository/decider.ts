import type { unknownArchiveFound } from '@cyborgbackup/contracts';
import type { Decider, EventOf } from '@cyborgbackup/kernel';

/*
 * What is found in a repository beside our own archives, stream `catalog-repository-<repository>`: each archive is recorded once,
 * however often it is found.
 */
export interface FoundArchives {
  readonly ids: ReadonlySet<string>;
}

type Found = EventOf<typeof unknownArchiveFound>;

/** An archive as borg lists it. */
export interface ListedArchive {
  readonly name: string;
  readonly borg_id: string;
}

export interface FindArchives {
  readonly repository: string;
  readonly archives: readonly ListedArchive[];
}

export const foundArchivesDecider: Decider<FoundArchives, FindArchives, Found> = {
  initialState: { ids: new Set() },
  decide: ({ repository, archives }, { ids }) =>
    archives
      .filter(({ borg_id }) => !ids.has(borg_id))
      .map(({ name, borg_id }) => ({ type: 'unknown-archive-found', data: { repository, archive: name, borg_id } })),
  evolve: ({ ids }, { data }) => ({ ids: new Set([...ids, data.borg_id]) }),
};
