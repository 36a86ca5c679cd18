import { readSql } from '@cyborgbackup/database';
import type { ContentRequest } from '@cyborgbackup/contracts';
import { fieldError } from '@cyborgbackup/kernel';
import type { ArchiveRow, ListedArchive } from '@cyborgbackup/read-models';
import { z } from 'zod';
import { noSuch, notFound } from '../../http/core/http-error.ts';
import type { GatewayDeps } from '../deps.ts';

/** Names of archives are unique in a repository only. */
export const archiveQuery = z.object({
  repository: z
    .string()
    .describe('Id or name of the repository; needed when several have an archive of this name.')
    .optional(),
});

/** An archive that is in its repository, as the catalog has it. */
export interface FoundArchive
  extends ListedArchive, Pick<ArchiveRow, 'job_uuid' | 'client_uuid' | 'policy_uuid' | 'complete' | 'unsafe'> {
  readonly name: string;
  /** Null when it was removed from the inventory. */
  readonly repository: ContentRequest['repository'] | null;
}

/** Of several in one repository the latest. */
const FIND = readSql(new URL('./find-archive.sql', import.meta.url));

/**
 * The archive of this name. One in a repository that was removed from the inventory is found only if there is no other.
 * @param repository id or name; empty for any
 * @throws AppError `validation` when several repositories have an archive of this name
 */
export const findArchive = async (
  { reader }: GatewayDeps,
  name: string,
  repository: string,
): Promise<FoundArchive | undefined> => {
  if (name.includes('\0')) return undefined;
  const [first, ...others] = await reader.rows<FoundArchive>(FIND, [name, repository]);
  const named = [first, ...others].flatMap((archive) => archive?.repository ?? []);
  if (named.length > 1) {
    const choices = named.map((one) => `"${one.name}" (${one.id})`).join(', ');
    throw fieldError('repository', `Several have an archive of this name: say which, one of ${choices}.`);
  }
  return first;
};

/** As `findArchive`, for one whose entries are known. @throws HttpError 404 also for one that is not catalogued */
export const findCataloguedArchive = async (
  deps: GatewayDeps,
  name: string,
  repository: string | null,
): Promise<FoundArchive> => {
  const archive = await findArchive(deps, name, repository ?? '');
  if (!archive) throw noSuch('Archive');
  if (archive.complete) return archive;
  throw notFound('This archive is not catalogued: its catalog job did not run, or has not come to its end.');
};
