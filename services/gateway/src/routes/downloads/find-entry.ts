import type { GatewayDeps } from '../../http/deps.ts';

/** A catalogued item, with what it takes to read it from its archive. */
export interface EntryToRead {
  readonly id: number;
  /** As people see it: U+FFFD for bytes that are not UTF-8. */
  readonly path: string;
  /** base64 of the path's bytes, where they are not UTF-8. */
  readonly path_raw: string | null;
  /** One letter: `-` file, `d` folder, `l` link, … */
  readonly type: string;
  /** As `ls` prints it; an `h` in front marks a hard link to `target`. */
  readonly mode: string;
  readonly mtime: string;
  readonly size: number;
  readonly target: string;
  readonly healthy: boolean;
  readonly job_uuid: string;
  readonly archive_name: string;
  readonly repository_uuid: string;
}

const COLUMNS = `e.id, e.path, e.path_raw, e.type, e.mode, e.mtime, e.size, e.target, e.healthy,
       a.job_uuid, a.archive_name, a.repository_uuid`;

/** The entry with this id, when its archive is still in its repository. */
export const findEntry = ({ reader }: GatewayDeps, id: number): Promise<EntryToRead | undefined> =>
  reader.row<EntryToRead>(
    `select ${COLUMNS}
       from catalog.entries e join catalog.archives a on a.job_uuid = e.job_uuid
      where e.id = $1 and not a.removed and a.repository_uuid is not null`,
    [id],
  );

/** The entry of this path in the same archive. */
export const findSibling = (
  { reader }: GatewayDeps,
  { job_uuid }: EntryToRead,
  path: string,
): Promise<EntryToRead | undefined> =>
  reader.row<EntryToRead>(
    `select ${COLUMNS}
       from catalog.entries e join catalog.archives a on a.job_uuid = e.job_uuid
      where e.job_uuid = $1 and e.path = $2 and not a.removed and a.repository_uuid is not null
      limit 1`,
    [job_uuid, path],
  );
