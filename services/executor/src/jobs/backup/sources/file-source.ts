import type { FileSource } from './backup-source.ts';

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
