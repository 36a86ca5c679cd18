import type { BorgRunner, CreateCommandOptions, RunBorgOptions } from '@cyborgbackup/borg';

/** Where borg runs, and how it reaches the repository from there. Closing it ends what still runs. */
export interface BorgEndpoint extends AsyncDisposable {
  readonly runner: BorgRunner;
  /** Which host `runner` is on. */
  readonly host: 'client' | 'repository' | 'executor';
  /** For borg's arguments. */
  readonly repository: string;
  readonly passphrase: string;
  /** As of `RepositorySecrets`. */
  readonly mayBeUnencrypted: boolean;
  /** See `lockOwnerName`. */
  readonly lockOwner: string;
  /** Set where borg has to log in to another host. */
  readonly knownHosts?: readonly string[];
  /** The session's agent is lent to borg. */
  readonly forwardAgent: boolean;
  /** The socket of an agent on this host, for a borg that runs here. */
  readonly agentSocket?: string;
  /** More of borg's common options. */
  readonly options: readonly string[];
  /** The borg to start. Default: `borg`. */
  readonly program?: string;
  /** For borg alone; the caller's own variables are added to it. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a backup of files adds to `createCommand` and to `runBorgAt`. */
export interface FileAccess {
  readonly create: Pick<CreateCommandOptions, 'oneFileSystem' | 'numericIds' | 'filesCache'> & {
    readonly source: { readonly paths: readonly string[] };
    /** To be added to the policy's own. */
    readonly exclude: readonly string[];
    readonly patterns: readonly string[];
  };
  readonly run: Pick<RunBorgOptions, 'mount'>;
}

export interface FileOptions {
  readonly oneFileSystem: boolean;
  /** Lines as in a borg patterns file, the policy's own. */
  readonly patterns?: readonly string[] | undefined;
}

/** The endpoint of a backup job: on the client (push), or beside the repository (pull). */
export interface BackupEndpoint extends BorgEndpoint {
  readonly pull: boolean;
  /** Runs scripts on the client with the rights that the backup has, for hooks and to examine its files. */
  readonly client: BorgRunner;
  /** Seconds that the client's clock is ahead of ours. */
  readonly clockDifference: number;
  /**
   * How borg reads files of the client. The paths stored in the archive are the same in push and pull.
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

export interface RepositoryAddress {
  readonly uuid: string;
  readonly path: string;
  /** The job itself has just seen the host take the own key, which the log does not know yet. */
  readonly isOwnKeySeen?: boolean;
}

/** A client, or in a restore the repository's host. */
export interface BackedUpHost {
  readonly uuid: string;
  readonly hostname: string;
  readonly port: number;
  /** Default: the account that the settings name. */
  readonly user?: string;
}

export interface BackupTarget {
  readonly client: BackedUpHost;
  readonly repository: RepositoryAddress;
  readonly pull: boolean;
}
