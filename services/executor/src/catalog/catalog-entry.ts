import type { ArchiveEntry } from '@cyborgbackup/borg';
import type { CatalogEntry } from '@cyborgbackup/contracts';

/** Longest name of a user or group. */
const MAX_NAME = 255;

const name = (text: string): string => text.toWellFormed().replaceAll('\0', '').slice(0, MAX_NAME).toWellFormed();

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;

/** Stands for a time that no file can have. */
const NO_TIME = '1970-01-01T00:00:00Z';

/** An entry of borg's listing as the catalog takes it. */
export const toCatalogEntry = (entry: ArchiveEntry): CatalogEntry => ({
  path: entry.path,
  mode: entry.mode.slice(0, 10),
  mtime: TIME.test(entry.mtime) ? entry.mtime : NO_TIME,
  owner: name(entry.user),
  group: name(entry.group),
  uid: entry.uid,
  gid: entry.gid,
  type: entry.type.slice(0, 1),
  size: entry.size,
  target: entry.linkTarget,
  healthy: entry.healthy,
});
