import type { BorgRunner, CreateOptions, RunBorgOptions } from '@cyborgbackup/borg';
import type { BorgPlace } from './borg-place.ts';
import type { ConnectionOptions } from './connections.ts';

/** What a backup of files adds to `createCommand` and to `runAt`. */
export interface FileAccess {
  readonly create: Pick<CreateOptions, 'oneFileSystem' | 'numericIds' | 'filesCache'> & {
    readonly source: { readonly paths: readonly string[] };
    /** To be added to the policy's own. */
    readonly exclude: readonly string[];
  };
  readonly run: Pick<RunBorgOptions, 'mount' | 'sources'>;
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
  files(paths: readonly string[], options: { readonly oneFileSystem: boolean }): Promise<FileAccess>;
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

export type OpenBackupPlace = (options: ConnectionOptions, target: BackupTarget) => Promise<BackupPlace>;
