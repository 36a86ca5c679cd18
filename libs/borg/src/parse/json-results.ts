import { messageOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { parseBoundedJson } from './bounded-json.ts';
import { toIsoUtc } from './fields.ts';
import { BorgOutputError } from './output-error.ts';

/** What zod calls an integer is a safe one. */
const size = z.int().nonnegative();
/** Seconds; a thousand years. */
const duration = z.number().nonnegative().max(32_000_000_000);
/** Borg's ids are 32 bytes in hex. */
const id = z.string().regex(/^[0-9a-f]{1,64}$/, 'not an id of borg');
/** Borg knows no limit; what is longer is in no index of ours, and no name that somebody reads. */
const archiveName = z.string().min(1).max(500);
const text = z.string().max(64 * 1024);

const time = z.string().transform((text, context) => {
  const iso = toIsoUtc(text);
  if (iso !== undefined) return iso;
  context.addIssue({ code: 'custom', message: 'not a time' });
  return z.NEVER;
});

const archiveStats = z
  .object({ original_size: size, compressed_size: size, deduplicated_size: size, nfiles: size })
  .transform((stats) => ({
    originalSize: stats.original_size,
    compressedSize: stats.compressed_size,
    deduplicatedSize: stats.deduplicated_size,
    files: stats.nfiles,
  }));

const cacheStats = z
  .object({
    total_size: size,
    total_csize: size,
    unique_csize: size,
    unique_size: size,
    total_chunks: size,
    total_unique_chunks: size,
  })
  .transform((stats) => ({
    /** All archives, uncompressed. */
    totalSize: stats.total_size,
    totalCompressedSize: stats.total_csize,
    /** What the repository really takes: each chunk once, compressed. */
    uniqueCompressedSize: stats.unique_csize,
    uniqueSize: stats.unique_size,
    totalChunks: stats.total_chunks,
    uniqueChunks: stats.total_unique_chunks,
  }));

const archive = z
  .object({
    name: archiveName,
    id,
    start: time,
    end: time,
    duration,
    stats: archiveStats,
    hostname: text.optional(),
    username: text.optional(),
    comment: text.optional(),
  })
  .transform(({ stats, duration, ...rest }) => ({ ...rest, ...stats, durationSeconds: duration }));

const repository = z
  .object({ id, location: text, last_modified: time })
  .transform(({ last_modified, ...rest }) => ({ ...rest, lastModified: last_modified }));

const encryption = z.object({ mode: text }).transform(({ mode }) => mode);
const cache = z.object({ stats: cacheStats }).transform(({ stats }) => stats);

const createResult = z.object({ archive, repository, cache: cache.optional() });
const repositoryInfo = z.object({ repository, encryption, cache: cache.optional() });
const archiveInfo = z.object({ archives: z.array(archive).length(1), repository, cache: cache.optional() });
const archiveList = z.object({
  repository,
  archives: z.array(z.object({ name: archiveName, id, start: time })),
});

/** Facts and sizes (bytes) of one archive. */
export type ArchiveInfo = z.output<typeof archive>;
export type CreateResult = z.output<typeof createResult>;
export type RepositoryInfo = z.output<typeof repositoryInfo>;
export type ArchiveList = z.output<typeof archiveList>;

const parse = <T>(what: string, schema: z.ZodType<T>, text: string): T => {
  const unreadable = (why: string, cause?: unknown): BorgOutputError =>
    new BorgOutputError(`Borg's ${what} cannot be read: ${why}. Is it a borg of version 1.2 or 1.4?`, cause);
  let value: unknown;
  try {
    value = parseBoundedJson(text);
  } catch (cause) {
    throw unreadable(messageOf(cause), cause);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw unreadable(`${issue?.path.join('.')}: ${issue?.message}`);
};

/** The result of `createCommand`. @throws BorgOutputError when it is not complete: then no archive was reported */
export const parseCreateResult = (stdout: string): CreateResult => parse('result', createResult, stdout);

/** The result of `infoCommand` without an archive. @throws BorgOutputError */
export const parseRepositoryInfo = (stdout: string): RepositoryInfo => parse('repository info', repositoryInfo, stdout);

/** The result of `infoCommand` with an archive, and all archives together as far as borg knows. @throws BorgOutputError */
export const parseArchiveInfo = (stdout: string): Pick<CreateResult, 'archive' | 'cache'> => {
  const { archives, cache: all } = parse('archive info', archiveInfo, stdout);
  const [first] = archives;
  if (!first) throw new BorgOutputError("Borg's archive info names no archive.");
  return { archive: first, cache: all };
};

/** The result of `listArchivesCommand`. @throws BorgOutputError */
export const parseArchiveList = (stdout: string): ArchiveList => parse('list of archives', archiveList, stdout);
