import type { ArchiveEntry } from '@cyborgbackup/borg';
import type { CatalogEntry } from '@cyborgbackup/contracts';

/** Longest name of a user or group. */
const MAX_NAME = 255;

const name = (text: string): string => text.toWellFormed().replaceAll('\0', '').slice(0, MAX_NAME).toWellFormed();

/** Length of `2026-01-01T00:00:00`; after it comes nothing but a fraction and the `Z`. */
const SECONDS_LENGTH = 19;

/** @param iso in UTC; the result is 0 for a time that is not between 1970 and 9999 */
const microsOf = (iso: string): number => {
  const millis = Date.parse(`${iso.slice(0, SECONDS_LENGTH)}Z`);
  const fraction = Number(
    iso
      .slice(SECONDS_LENGTH + 1, -1)
      .padEnd(6, '0')
      .slice(0, 6),
  );
  const micros = millis * 1_000 + fraction;
  return Number.isSafeInteger(micros) && micros >= 0 ? micros : 0;
};

/** An entry of borg's listing as the catalog takes it. */
export const toCatalogEntry = (entry: ArchiveEntry): CatalogEntry => ({
  path: entry.path,
  mode: entry.mode.slice(0, 10),
  mtime: microsOf(entry.mtime),
  owner: name(entry.user),
  group: name(entry.group),
  uid: entry.uid,
  gid: entry.gid,
  type: entry.type.slice(0, 1),
  size: entry.size,
  target: entry.linkTarget,
  healthy: entry.healthy,
});
