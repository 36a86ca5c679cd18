import { exactName } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { shortIso } from '../../db/timestamps.ts';
import { represent } from '../../http/core/representation.ts';

/** The columns of an entry, in SQL: `v` is its version, `x` its attributes. */
export const ENTRY_COLUMNS = `v.number, x.type, x.mode, v.mtime, x.owner, x.group_name as "group", x.uid, x.gid, v.size,
  v.target, v.target_raw`;

export const entrySchema = z.object({
  id: z.int().describe('As in `catalogs`.'),
  type: z.string().describe('One letter, as `ls` has it.'),
  mode: z.string(),
  mtime: z.string(),
  owner: z.string(),
  group: z.string(),
  uid: z.int(),
  gid: z.int(),
  size: z.int(),
  target: z.string().describe('Where a link points, or empty.'),
});

export interface EntryRow extends Omit<z.output<typeof entrySchema>, 'id' | 'target'> {
  readonly number: number;
  readonly target: string | null;
  readonly target_raw: string | null;
}

/** @param idBase of the archive in which the entry is shown */
export const presentEntry = (row: EntryRow, idBase: number): Record<keyof typeof entrySchema.shape, unknown> =>
  represent(entrySchema, {
    ...row,
    id: idBase + row.number,
    mtime: shortIso(row.mtime),
    target: exactName({ folder: '', folder_raw: null, name: row.target ?? '', name_raw: row.target_raw }),
  });
