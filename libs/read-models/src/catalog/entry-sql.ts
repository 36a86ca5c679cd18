/*
 * SQL of the catalog, shared by all who read it. Arguments are aliases of tables or expressions, never values. By convention
 * an entry's folder has the alias `f`, its name `n` and its attributes `x`.
 */

/** Of an entry: the archive of its series with this sequence has it. */
export const isInSequence = (entry: string, sequence: string): string =>
  `${entry}.first_archive <= ${sequence} and ${entry}.last_archive >= ${sequence}`;

/** Of an entry: this archive has it. */
export const isInArchive = (entry: string, archive: string): string =>
  `${entry}.series_id = ${archive}.series_id and ${isInSequence(entry, `${archive}.sequence`)}`;

/** Of an entry's number in the archive of a job: nothing is known to be wrong with it. */
export const isHealthy = (job: string, number: string): string =>
  `not exists (select from catalog.broken_entries b where b.job_uuid = ${job} and b.number = ${number})`;

/** To be joined: the folder of an entry. */
export const folderOf = (entry: string, folder = 'f'): string =>
  `catalog.folders ${folder} on ${folder}.series_id = ${entry}.series_id and ${folder}.id = ${entry}.folder_id`;

/** To be joined: the name of an entry. */
export const nameOf = (entry: string): string => `catalog.entry_names n on n.id = ${entry}.name_id`;

/** To be joined: the attributes of an entry. */
export const attributesOf = (entry: string): string => `catalog.entry_attributes x on x.id = ${entry}.attributes_id`;

/** The path of an entry as `StoredPath` has it, from its folder and name. */
export const PATH_COLUMNS = 'f.path as folder, f.raw as folder_raw, n.name, n.raw as name_raw';

/** Of a folder: it has this path. The hash is what the index has. @param raw of the path where it is not UTF-8, else null */
export const hasPath = (folder: string, path: string, raw: string): string =>
  `hashtextextended(${folder}.path, 0) = hashtextextended(${path}, 0) and ${folder}.path = ${path} ` +
  `and ${folder}.raw is not distinct from ${raw}`;
