import type { BorgRunner, CreateCommandOptions, RunBorgOptions } from '@cyborgbackup/borg';
import type { BorgPlace } from './borg-place.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { openPullPlace } from './pull-place.ts';
import { onClient } from './push-place.ts';

/** What a backup of files adds to `createCommand` and to `runAt`. */
export interface FileAccess {
  readonly create: Pick<CreateCommandOptions, 'oneFileSystem' | 'numericIds' | 'filesCache'> & {
    readonly source: { readonly paths: readonly string[] };
    /** To be added to the policy's own. */
    readonly exclude: readonly string[];
    readonly patterns: readonly string[];
  };
  readonly run: Pick<RunBorgOptions, 'mount' | 'sources'>;
}

export interface FileOptions {
  readonly oneFileSystem: boolean;
  /** Lines as in a borg patterns file, the policy's own. */
  readonly patterns?: readonly string[] | undefined;
}

/** Where the borg of a backup job runs: on the client (push), or beside the repository (pull). */
export interface BackupPlace extends BorgPlace {
  readonly pull: boolean;
  /** Runs scripts on the client with the rights that the backup has, for hooks and for looking at its files. */
  readonly client: BorgRunner;
  /**
   * How borg gets at files of the client. The paths stored in the archive are the same in push and pull.
   * @param paths absolute, as on the client
   * @throws JobFailure for a path that pull cannot follow
   */
  files(paths: readonly string[], options: FileOptions): Promise<FileAccess>;
  /**
   * The argument vector for `DumpSource.command` that runs a program on the client. Its standard input is
   * `BorgCommand.input`, its exit status counts. A pipeline goes through `bash -o pipefail -c`.
   */
  dump(argv: readonly string[]): readonly string[];
}

export interface BackupTarget {
  readonly client: { readonly uuid: string; readonly hostname: string; readonly port: number };
  readonly repository: { readonly uuid: string; readonly path: string };
  readonly pull: boolean;
}

/** @throws SshError, JobFailure */
export const onBackupPlace = async (options: ConnectionOptions, target: BackupTarget): Promise<BackupPlace> => {
  if (target.pull) return openPullPlace(options, target);
  const { side, ...place } = await onClient(options, target.client, target.repository);
  return {
    ...place,
    pull: false,
    client: side.runner,
    files: (paths, { oneFileSystem, patterns = [] }) =>
      Promise.resolve({
        create: { source: { paths }, exclude: [], patterns, oneFileSystem },
        run: { sources: paths },
      }),
    dump: (argv) => argv,
  };
};
