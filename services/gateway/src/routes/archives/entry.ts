import { exactName } from '@cyborgbackup/contracts';
import type { EntryAttributesRow, EntryRow as StoredEntry } from '@cyborgbackup/read-models';
import { shortIso } from '../../read/timestamps.ts';

/** What is read of an entry, in SQL: `v` is the entry, `x` its attributes. */
export const ENTRY_COLUMNS = `v.number, x.type, x.mode, v.mtime, x.owner, x.group_name as "group", x.uid, x.gid, v.size,
  v.target, v.target_raw`;

type EntryColumn = 'number' | 'mtime' | 'size' | 'target' | 'target_raw';
type AttributeColumn = 'type' | 'mode' | 'owner' | 'uid' | 'gid';

export interface EntryRow extends Pick<StoredEntry, EntryColumn>, Pick<EntryAttributesRow, AttributeColumn> {
  readonly group: string;
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
