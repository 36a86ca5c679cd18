/** Files and folders of the client. */
export interface FileSource {
  readonly kind: 'files';
  /** Absolute, as on the client. */
  readonly paths: readonly string[];
  /** Whether a missing path fails the job, or only warns as long as another one is there. */
  readonly needs: 'all' | 'one';
  readonly exclude: readonly string[];
  readonly patterns: readonly string[];
  readonly oneFileSystem: boolean;
  readonly excludeCaches: boolean;
}

/** The output of a program that runs on the client. When it fails, nothing is kept. */
export interface DumpSource {
  readonly kind: 'dump';
  /** What it is called in the archive. */
  readonly name: string;
  readonly argv: readonly string[];
  /** Its standard input: what must not be visible in a process list or in the archive, which keeps borg's arguments. */
  readonly input?: string;
  /** Passwords, to be redacted if a program repeats them. */
  readonly secrets?: readonly string[];
}

/** How borg writes the archive. */
export interface ArchiveOptions {
  /** As borg's option has it. */
  readonly compression: string | undefined;
  /** KiB/s. */
  readonly uploadRateLimit: number | undefined;
  readonly checkpointIntervalSeconds: number | undefined;
}

/** What a backup job puts into its archive. */
export interface BackupSource {
  readonly content: FileSource | DumpSource;
  readonly archive: ArchiveOptions;
}

interface FileChoice {
  readonly exclude?: readonly string[] | undefined;
  readonly patterns?: readonly string[] | undefined;
  readonly one_file_system?: boolean | undefined;
  readonly exclude_caches?: boolean | undefined;
}

/** What no backup of a whole system wants: other file systems' mount points and what lives in memory. */
export const ROOTFS_EXCLUDES = [
  '/media',
  '/dev',
  '/proc',
  '/sys',
  '/var/run',
  '/run',
  '/lost+found',
  '/mnt',
  '/var/lib/lxcfs',
  '/tmp',
] as const;

export const MAIL_FOLDERS = ['/var/lib/mail', '/var/mail'] as const;

export const fileSource = (
  paths: readonly string[],
  choice: FileChoice,
  { exclude = [], needs = 'all' }: { readonly exclude?: readonly string[]; readonly needs?: FileSource['needs'] } = {},
): FileSource => ({
  kind: 'files',
  paths,
  needs,
  exclude: [...exclude, ...(choice.exclude ?? [])],
  patterns: choice.patterns ?? [],
  oneFileSystem: choice.one_file_system ?? false,
  excludeCaches: choice.exclude_caches ?? false,
});
