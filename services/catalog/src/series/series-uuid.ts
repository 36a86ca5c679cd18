import { nameUuid } from '@cyborgbackup/kernel';

/** Whose archives follow each other: each is listed as the difference from the one before. */
export interface SeriesOwner {
  readonly repository: string;
  readonly policy: string | null;
  readonly client: string | null;
  readonly machine: string;
}

/** The uuid of an owner's series: always the same for the same owner. The repository's uuid is its namespace. */
export const seriesUuid = ({ repository, policy, client, machine }: SeriesOwner): string =>
  nameUuid(repository, JSON.stringify([policy, client, machine]));
