import { exactName } from '@cyborgbackup/contracts';
import { shortIso } from '../../db/timestamps.ts';

/** What is read of an entry, in SQL: `v` is its version, `x` its attributes. */
export const ENTRY_COLUMNS = `v.number, x.type, x.mode, v.mtime, x.owner, x.group_name as "group", x.uid, x.gid, v.size,
  v.target, v.target_raw`;

export interface EntryRow {
  readonly number: number;
  readonly type: string;
  readonly mode: string;
  readonly mtime: string;
  readonly owner: string;
  readonly group: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly target: string | null;
  readonly target_raw: string | null;
}

/** As `entrySchema` has it. @param idBase of the archive that it is shown of */
export const presentEntry = (row: EntryRow, idBase: number): object => ({
  id: idBase + row.number,
  type: row.type,
  mode: row.mode,
  mtime: shortIso(row.mtime),
  owner: row.owner,
  group: row.group,
  uid: row.uid,
  gid: row.gid,
  size: row.size,
  target: exactName({ folder: '', folder_raw: null, name: row.target ?? '', name_raw: row.target_raw }),
});
