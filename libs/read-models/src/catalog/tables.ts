import { archives, archiveSeries } from './archives.ts';
import {
  brokenEntries,
  endedEntries,
  entries,
  entryAttributes,
  entryNames,
  folders,
  folderTotals,
  pendingBrokenEntries,
} from './entries.ts';

/** The archives, and the entries of those that were listed. */
export const catalog = {
  archives,
  archiveSeries,
  entries,
  folders,
  entryNames,
  entryAttributes,
  folderTotals,
  endedEntries,
  brokenEntries,
  pendingBrokenEntries,
};
