import { createHash } from 'node:crypto';
import type { TestGateway } from './test-gateway.ts';

/** An entry as tests write it; the rest does not matter to them. */
export interface TestEntry {
  readonly path: string;
  readonly type?: string;
  readonly mode?: string;
  readonly mtime?: string;
  readonly owner?: string;
  readonly group?: string;
  readonly size?: number;
  readonly healthy?: boolean;
  /** Sequences of the first and last archive that has it; all unless given. */
  readonly from?: number;
  readonly to?: number;
}

export interface TestArchive {
  readonly job_uuid: string;
  readonly archive_name: string;
  readonly sequence: number;
  /** An entry's id is this and its position in the series. */
  readonly id_base: number;
  readonly [column: string]: unknown;
}

const DEFAULTS = {
  type: '-',
  mode: '-rw-r--r--',
  mtime: '2018-11-23T23:03:52Z',
  owner: 'root',
  group: 'root',
  size: 0,
  healthy: true,
  from: 1,
  to: 2_147_483_647,
};

const complete = (entry: TestEntry): Required<TestEntry> => ({ ...DEFAULTS, ...entry });

const folders = (paths: readonly string[]): string[] => {
  const all = new Set(['']);
  for (const path of paths) {
    for (const { index } of path.matchAll(/\//g)) all.add(path.slice(0, index + 1));
  }
  return [...all].sort();
};

const totals = (folder: string, entries: readonly Required<TestEntry>[]): object => {
  const below = entries.filter(({ path }) => path.startsWith(folder));
  return {
    entries: below.length,
    files: below.filter(({ type }) => type !== 'd').length,
    bytes: below.reduce((sum, { size }) => sum + size, 0),
  };
};

/** Names are stored once for all series of a database. */
const nameIds = new WeakMap<TestGateway['insert'], Map<string, number>>();

const nameId = async (insert: TestGateway['insert'], name: string): Promise<number> => {
  const ids = nameIds.get(insert) ?? new Map<string, number>();
  nameIds.set(insert, ids);
  const id = ids.get(name) ?? ids.size;
  if (!ids.has(name)) await insert('catalog.entry_names', { id, name });
  ids.set(name, id);
  return id;
};

/** A uuid by which entries that are the same are known, as the catalog has one. */
const fingerprint = ({ path, type, mode, mtime, owner, group, size }: Required<TestEntry>): string =>
  createHash('md5')
    .update(JSON.stringify([path, type, mode, mtime, owner, group, size]))
    .digest('hex');

/** Writes a series of archives, as the catalog's projection would (the sums of folders: those of all entries together). */
export const insertSeries = async (
  insert: TestGateway['insert'],
  series_id: number,
  archives: readonly TestArchive[],
  given: readonly TestEntry[],
): Promise<void> => {
  const entries = given.map(complete);
  const paths = folders(entries.map(({ path }) => path));
  for (const [id, path] of paths.entries()) {
    const parent_id = path === '' ? null : paths.indexOf(path.slice(0, path.lastIndexOf('/', path.length - 2) + 1));
    await insert('catalog.folders', { series_id, id, path, parent_id });
    await insert('catalog.folder_totals', { series_id, folder_id: id, sequence: 1, ...totals(path, entries) });
  }
  for (const [number, entry] of entries.entries()) {
    const start = entry.path.lastIndexOf('/') + 1;
    const id = series_id * 100_000 + number;
    const { type, mode, owner, group, from, to, size, mtime, healthy } = entry;
    await insert('catalog.entry_attributes', { id, mode, owner, group_name: group, uid: 0, gid: 0, type });
    await insert('catalog.entries', {
      series_id,
      number,
      folder_id: paths.indexOf(entry.path.slice(0, start)),
      name_id: await nameId(insert, entry.path.slice(start)),
      attributes_id: id,
      first_archive: from,
      last_archive: to,
      size,
      mtime,
      fingerprint: fingerprint(entry),
    });
    for (const { job_uuid } of healthy ? [] : archives) {
      await insert('catalog.broken_entries', { job_uuid, number, found_by: 'listing' });
    }
  }
  for (const archive of archives) {
    const has = ({ from, to }: Required<TestEntry>): boolean => from <= archive.sequence && to >= archive.sequence;
    await insert('catalog.archives', {
      series_id,
      next_number: entries.filter(({ from }) => from <= archive.sequence).length,
      entries: entries.filter(has).length,
      started_at: `2026-01-${String(archive.sequence).padStart(2, '0')}T00:00:00Z`,
      finished_at: '2026-02-01T00:00:00Z',
      complete: true,
      healthy: true,
      ...archive,
    });
  }
};
