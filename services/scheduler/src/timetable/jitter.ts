import { createHash } from 'node:crypto';

/**
 * Milliseconds by which what a policy or a repository does on a schedule is started later than it is due: anything from 0 to
 * below `seconds`, always the same for the same uuid, so that what is due at once is spread evenly.
 */
export const jitterOf = (uuid: string, seconds: number): number => {
  if (seconds === 0) return 0;
  const place = createHash('sha1').update(uuid).digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor(place * seconds * 1_000);
};
