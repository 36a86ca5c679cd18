import { exactPath, type catalogCommands, type RpcInput, type RpcOutput } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { ListedArchive } from '@cyborgbackup/read-models';
import type { ServiceParts } from '@cyborgbackup/service';
import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { findFiles, findListedArchive, scanForFiles, type SampledFile } from '../read/find-sample.ts';
import type { ReadModel } from '../read/read-model.ts';

type Sample = typeof catalogCommands.sample;

export type SampleFiles = (input: RpcInput<Sample>) => Promise<RpcOutput<Sample>>;

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
  { seed, files }: RpcInput<Sample>,
): Promise<readonly SampledFile[] | undefined> => {
  const numbers = guessNumbers(seed, files * GUESSES_PER_FILE, archive.next_number);
  const found = new Map((await findFiles(pool, archive, numbers)).map((file) => [file.number, file]));
  if (found.size < files) return undefined;
  return numbers.flatMap((number) => found.get(number) ?? []).slice(0, files);
};

/**
 * Picks files for a restore drill.
 * @throws AppError `conflict` for an archive that is not in the catalog
 */
export const createSampleFiles =
  ({ pool, store }: Pick<ServiceParts, 'pool' | 'store'>, readModel: ReadModel): SampleFiles =>
  async (input) => {
    const find = async (): Promise<ListedArchive | undefined> => findListedArchive(pool, input.job);
    const findLater = async (): Promise<ListedArchive | undefined> => {
      await readModel.reaches(await store.head());
      return find();
    };
    const archive = (await find()) ?? (await findLater());
    if (!archive) {
      throw new AppError('conflict', 'The archive is not in the catalog: run its catalog job, or turn catalogs on.');
    }
    const files = (await guess(pool, archive, input)) ?? (await scanForFiles(pool, archive, input));
    return { files: files.map((file) => ({ path: exactPath(file), size: file.size, mtime: file.mtime })) };
  };
