import { hash } from 'node:crypto';

/** Whose archives follow each other: each is listed as the difference from the one before. */
export interface SeriesOwner {
  readonly repository: string;
  readonly policy: string | null;
  readonly client: string | null;
  readonly machine: string;
}

/** Always the same for the same owner: a uuid of version 8 made of SHA-256. */
export const seriesUuid = ({ repository, policy, client, machine }: SeriesOwner): string => {
  const digest = hash('sha256', JSON.stringify([repository, policy, client, machine]), 'hex');
  const parts = [digest.slice(0, 8), digest.slice(8, 12), `8${digest.slice(13, 16)}`, `a${digest.slice(17, 20)}`];
  return [...parts, digest.slice(20, 32)].join('-');
};
