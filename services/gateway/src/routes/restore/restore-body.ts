import { REPLACE_POLICIES, requiredText, text, VERIFICATIONS, type RestoreRequest } from '@cyborgbackup/contracts';
import { fieldError } from '@cyborgbackup/kernel';
import { posix } from 'node:path';
import { z } from 'zod';
import { REPOSITORY_HOST } from './find-destination.ts';

/** Blanks at the ends belong to a name. */
const path = requiredText(16_384).meta({ verbatim: true });

export const restoreBody = z.object({
  archive_name: requiredText(1024),
  /** Id or name, when several repositories have an archive of this name. */
  repository: z.union([z.int().min(1), text(1024)]).optional(),
  /** A client's id or host name, or `repository` for the repository's host; default: the client that was backed up. */
  destination: z.union([z.int().min(1), text(1024)]).optional(),
  /** Where on the destination; paths below it are as in the archive. */
  dest_folder: text(4096).meta({ verbatim: true }).default(''),
  /** Instead of `dest_folder`: exactly where everything was. */
  in_place: z.boolean().default(false),
  /** A path as the catalog shows it, with all below it; everything when nothing else is said either. */
  item: text(16_384).meta({ verbatim: true }).default(''),
  /** Several such paths. */
  items: z.array(path).max(1_000).default([]),
  /** Ids of catalog entries, also of those whose names are not Unicode. */
  entries: z.array(z.int().min(1)).max(1_000).default([]),
  /** Borg's patterns, each with its prefix: `sh:home/**.conf`. */
  patterns: z
    .array(
      requiredText(4_096)
        .regex(/^(fm|sh|re|pp|pf):/, 'Begin with fm:, sh:, re:, pp: or pf:.')
        .meta({ verbatim: true }),
    )
    .max(100)
    .default([]),
  /** What happens to files that exist already. */
  replace: z.enum(REPLACE_POLICIES).default('always'),
  /** What is compared after the restore. */
  verify: z.enum(VERIFICATIONS).default('sizes'),
  /** Owners by number, not by name. */
  numeric_ids: z.boolean().default(false),
  /** Only list what would be written. */
  dry_run: z.boolean().default(false),
  /** Feed the dump of a mysql or postgresql archive to the database server of the destination. */
  database: z.boolean().default(false),
  /** For an archive that is not safe (see `unsafe` of archives): leave out its unsafe entries instead of refusing it. */
  allow_unsafe: z.boolean().default(false),
  /** As older clients send it; without effect. */
  verbosity: z.int().min(0).max(4).default(0),
  /** For `database`: the archive's name once more, since what is in the databases now is lost. */
  confirm: text(1024).default(''),
});
export type RestoreBody = z.output<typeof restoreBody>;

/** All items together travel as one command line. */
const MAX_PATH_BYTES = 512 * 1024;

/** @throws AppError `validation` */
const checkInPlace = ({ dest_folder, destination }: RestoreBody): void => {
  if (dest_folder !== '') throw fieldError('dest_folder', 'Leave it out, or leave out in_place.');
  if (destination !== REPOSITORY_HOST) return;
  throw fieldError('in_place', "The client's files have no place on the repository's host: give a dest_folder.");
};

/** @throws AppError `validation` */
const absoluteFolder = (path: string): string => {
  if (path === '') throw fieldError('dest_folder', 'Give a folder, or in_place to restore everything where it was.');
  const folder = posix.normalize(path).replace(/(?<=.)\/+$/, '');
  if (!folder.startsWith('/')) throw fieldError('dest_folder', 'Give an absolute path.');
  if (folder === '/') throw fieldError('dest_folder', 'To restore everything where it was, say in_place.');
  return folder;
};

/** Empty = in place. @throws AppError `validation` */
const folderOf = (body: RestoreBody): string => {
  if (body.database) return '';
  if (!body.in_place) return absoluteFolder(body.dest_folder);
  checkInPlace(body);
  return '';
};

/** @throws AppError `validation` when the caller did not confirm that the databases may be overwritten */
const checkDatabase = ({ archive_name, database, confirm, destination }: RestoreBody): void => {
  if (!database) return;
  if (destination === REPOSITORY_HOST)
    throw fieldError('destination', 'A dump goes to the database server of a client.');
  if (confirm === archive_name) return;
  throw fieldError('confirm', "What is in the databases now is lost: send the archive's name here to confirm that.");
};

/**
 * The request of the body, with all defaults filled in.
 * @param entries the paths of `entries`
 * @throws AppError `validation`
 */
export const restoreRequestOf = (body: RestoreBody, entries: readonly string[]): RestoreRequest => {
  checkDatabase(body);
  const { item, patterns, replace, verify, numeric_ids, dry_run, database, allow_unsafe } = body;
  const items = [...body.items, ...entries];
  if ([item, ...items, ...patterns].reduce((sum, path) => sum + Buffer.byteLength(path), 0) > MAX_PATH_BYTES) {
    throw fieldError('items', 'These are too many paths at once: name the folders they are in.');
  }
  return {
    ...{ item, items, patterns, replace, verify, numeric_ids, dry_run, database, allow_unsafe },
    dest_folder: folderOf(body),
    destination: body.destination === REPOSITORY_HOST ? 'repository' : 'client',
  };
};
