import type { ContentRequest } from '@cyborgbackup/contracts';
import { fieldError } from '@cyborgbackup/kernel';
import type { GatewayDeps } from '../deps.ts';

/** An archive that is in its repository, and where that is. */
export interface FoundArchive {
  /** The backup that made it. */
  readonly job_uuid: string;
  readonly archive_name: string;
  readonly client_uuid: string | null;
  readonly policy_uuid: string | null;
  /** Whether its catalog has all of it. */
  readonly complete: boolean;
  readonly repository: ContentRequest['repository'];
}

interface ArchiveRow extends Omit<FoundArchive, 'repository'> {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly path: string;
}

/** Of several in one repository the latest. */
const FIND = `
  select distinct on (r.id) a.job_uuid, a.archive_name, a.client_uuid, a.policy_uuid, a.complete, r.id, r.uuid, r.name, r.path
    from catalog.archives a join inventory.repositories r on r.uuid = a.repository_uuid
   where a.archive_name = $1 and not a.removed and ($2 = '' or r.id::text = $2 or r.name = $2)
   order by r.id, a.position desc
   limit 3`;

const MANY = 2;

/**
 * The archive of this name, if there is one.
 * @param repository id or name; empty when there is only one archive of the name
 * @throws AppError `validation` when there are several
 */
export const findArchive = async (
  { reader }: GatewayDeps,
  name: string,
  repository: string,
): Promise<FoundArchive | undefined> => {
  const rows = await reader.rows<ArchiveRow>(FIND, [name, repository]);
  const [first] = rows;
  if (rows.length >= MANY) {
    const places = rows.map((row) => `"${row.name}" (${row.id})`).join(', ');
    throw fieldError('repository', `Several have an archive of this name: say which, one of ${places}.`);
  }
  if (!first) return undefined;
  const { id, uuid, name: repositoryName, path, ...archive } = first;
  return { ...archive, repository: { id, uuid, name: repositoryName, path } };
};
