import { AppError } from '@cyborgbackup/kernel';
import { hasEscapedBytes } from '../shell/quote.ts';
import { archiveLocation } from './repository-location.ts';
import { commonOptions, type CommonOptions, flag, option, repeated } from './options.ts';

export interface CreateCommandOptions extends CommonOptions {
  readonly archive: string;
  /** What goes into the archive: files and folders, or the output of one command. */
  readonly source: { readonly paths: readonly string[] } | DumpSource;
  /** For example `lz4`, `zstd,3`, `auto,zlib,6`. Borg's default is lz4. */
  readonly compression?: string | undefined;
  /** Patterns in borg's syntax (`borg help patterns`). */
  readonly exclude?: readonly string[] | undefined;
  /** Lines as in a patterns file: `R /root`, `+ re:…`, `- sh:…`. They come before the excludes. */
  readonly patterns?: readonly string[] | undefined;
  readonly oneFileSystem?: boolean;
  readonly excludeCaches?: boolean;
  /** Store no names of users and groups: those of the host where borg runs would be wrong for another host's files. */
  readonly numericIds?: boolean;
  /** How borg sees that a file is unchanged, for example `mtime,size` where inodes and ctimes mean nothing. */
  readonly filesCache?: string | undefined;
  /** Seconds between checkpoints; borg's default is 1800. */
  readonly checkpointIntervalSeconds?: number | undefined;
}

/**
 * Borg starts the command itself and keeps nothing when it fails, so a dump that dies half-way leaves no archive. A pipeline
 * of several commands goes through `bash -o pipefail -c`. The command reads what `BorgCommand.input` holds.
 */
export interface DumpSource {
  readonly command: readonly string[];
  /** The file's name in the archive, for example `mysql.sql`. */
  readonly name: string;
}

/** Borg stores its command line in the archive, as UTF-8, at the very end: better to fail before the backup than after hours. */
const refuseEscapedBytes = (argv: string[]): string[] => {
  const bad = argv.find(hasEscapedBytes);
  if (bad === undefined) return argv;
  const printable = bad.replaceAll(/\p{Surrogate}/gu, '?').slice(0, 100);
  throw new AppError(
    'validation',
    `Borg cannot be given "${printable}", whose name is not UTF-8; back up the folder that contains it.`,
  );
};

/** Makes an archive. Progress goes to standard error, the result (see `parseCreateResult`) to standard output. @throws AppError('validation') */
export const createCommand = (options: CreateCommandOptions): string[] => {
  const { source } = options;
  const dump = 'command' in source;
  return refuseEscapedBytes([
    'create',
    ...commonOptions(options),
    '--json',
    '--progress',
    ...option('compression', options.compression),
    ...option('checkpoint-interval', options.checkpointIntervalSeconds),
    ...flag('one-file-system', options.oneFileSystem),
    ...flag('exclude-caches', options.excludeCaches),
    ...flag('numeric-ids', options.numericIds),
    ...option('files-cache', options.filesCache),
    ...repeated('pattern', options.patterns),
    ...repeated('exclude', options.exclude),
    ...(dump ? ['--content-from-command', ...option('stdin-name', source.name)] : []),
    '--',
    archiveLocation(options.repository, options.archive),
    ...(dump ? source.command : source.paths),
  ]);
};
