import { defineEvent } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { repositorySnapshot } from '../inventory/repository.ts';
import type { ByteStreamContract } from '../wire/rpc.ts';
import { archivePath, requiredText, uuid } from '../wire/scalars.ts';

/**
 * Core NATS subject that tells executors that a job is about to write to a repository, or has ended: see
 * `withWriteAccess` in the executor.
 */
export const REPOSITORY_SIGNAL = 'repositories.wanted';

/** file = the contents of one file; tar and zip = the paths with all below them. */
const contentKind = z.enum(['file', 'tar', 'zip']);
export type ContentKind = z.infer<typeof contentKind>;

/** Bytes of a file: `length` of them from `offset`. */
const byteRange = z.object({ offset: z.int().min(0), length: z.int().min(0) });

const contentRequest = z.object({
  /** The backup job that made the archive. */
  job: uuid,
  archive: requiredText(1_024),
  repository: repositorySnapshot,
  kind: contentKind,
  /** Empty = everything, for tar and zip. */
  paths: z.array(archivePath).max(1_000),
  /** The file's size in bytes, when it is known: another size is a failure. */
  size: z.int().min(0).nullable(),
  /** Part of a file; null = all of it. */
  range: byteRange.nullable(),
  /** Version of the event in `archive-reads-<job>` that recorded the request: by it the executor is given what it needs. */
  read: z.int().min(1),
});
export type ContentRequest = z.output<typeof contentRequest>;

/** Content of an archive, read by borg on the repository's side while it is sent. */
export const archiveContent: ByteStreamContract<typeof contentRequest, z.ZodObject> = {
  subject: 'executor.archive.content',
  input: contentRequest,
  head: z.object({}),
};

/** A user asked for content of an archive; recorded before an executor is told. Stream `archive-reads-<job>`. */
export const archiveContentRead = defineEvent({
  type: 'archive-content-read',
  schema: z.object({
    job: uuid,
    archive: z.string(),
    repository: uuid,
    kind: contentKind,
    /** Empty = everything. */
    paths: z.array(z.string()),
    range: byteRange.nullable(),
  }),
});

export const archiveReadsStream = (job: string): string => `archive-reads-${job}`;
