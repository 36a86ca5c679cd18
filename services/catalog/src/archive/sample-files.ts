import { exactPath, type catalogCommands, type RpcHandlers, type RpcInput } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import { WAIT_MILLIS } from '@cyborgbackup/projections';
import type { ListedArchive } from '@cyborgbackup/read-models';
import type { ServiceDeps } from '@cyborgbackup/service';
import { catalogProjection } from '../fold/catalog-projection.ts';
import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { findFiles, findListedArchive, scanForFiles, type SampledArchive, type SampledFile } from './find-sample.ts';

/** Guesses for each file that is wanted: enough where most entries are files of this archive. */
const GUESSES_PER_FILE = 8;

/** Numbers below `next` that follow from the seed, none twice. */
export const guessNumbers = (seed: string, count: number, next: number): readonly number[] => {
  const numbers = new Set<number>();
  for (let index = 0; index < count && next > 0; index += 1) {
    const hash = createHash('sha256').update(`${seed}/${index}`).digest();
    numbers.add(hash.readUIntBE(0, 6) % next);
  }
  return [...numbers];
};

/** Guesses entries by their numbers, as nothing else is quick in an archive of millions; undefined when that was in vain. */
const guess = async (
  pool: Pool,
  archive: ListedArchive,
  { seed, files }: RpcInput<typeof catalogCommands.sample>,
): Promise<readonly SampledFile[] | undefined> => {
  const numbers = guessNumbers(seed, files * GUESSES_PER_FILE, archive.next_number);
  const found = new Map((await findFiles(pool, archive, numbers)).map((file) => [file.number, file]));
  if (found.size < files) return undefined;
  return numbers.flatMap((number) => found.get(number) ?? []).slice(0, files);
};

/**
 * Picks files for a restore drill.
 * @throws AppError `conflict` for an archive that is not in the catalog, or not safe
 */
export const createSampleFiles =
  ({ pool, waiter }: Pick<ServiceDeps, 'pool' | 'waiter'>): RpcHandlers<typeof catalogCommands>['sample'] =>
  async (input) => {
    const find = async (): Promise<SampledArchive | undefined> => findListedArchive(pool, input.job);
    const findLater = async (): Promise<SampledArchive | undefined> => {
      await waiter.waitForProjections([catalogProjection.name], 'head', WAIT_MILLIS.listing);
      return find();
    };
    const archive = (await find()) ?? (await findLater());
    if (archive?.unsafe) throw new AppError('conflict', `The archive is not safe to extract: ${archive.unsafe}`);
    if (!archive) {
      throw new AppError('conflict', 'The archive is not in the catalog: run its catalog job, or turn catalogs on.');
    }
    const files = (await guess(pool, archive, input)) ?? (await scanForFiles(pool, archive, input));
    return { files: files.map((file) => ({ path: exactPath(file), size: file.size, mtime: file.mtime })) };
  };
