import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathExists } from './path-exists.ts';
import { giveTo, NOBODY, type Identity } from './server-identity.ts';

export const SUPERUSER = 'cyborgbackup';

/** The working directory, reached without passing the folders above it. */
export const HERE = '/proc/self/cwd';

const INITDB_ARGS = [
  `--pgdata=${HERE}`,
  `--username=${SUPERUSER}`,
  '--auth=scram-sha-256',
  '--pwfile=/proc/self/fd/3',
  '--encoding=UTF8',
  // Part of PostgreSQL itself: sorts and folds the same on every machine, whatever locales that has.
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--no-sync',
  '--no-instructions',
];

/** An open, already unlinked file that holds the password: readable through its descriptor only. */
const passwordFile = async (
  directory: string,
  password: string,
  owner: Identity | undefined,
): ReturnType<typeof open> => {
  const path = join(directory, 'initdb-password');
  await rm(path, { force: true });
  const file = await open(path, 'wx+', 0o600);
  await rm(path);
  await file.writeFile(`${password}\n`);
  if (owner) await file.chown(owner.uid, owner.gid);
  return file;
};

interface InitCluster {
  /** The folder with PostgreSQL's executables. */
  readonly binaries: string;
  /** Becomes the cluster: appears complete or not at all, and is left alone when it is there. */
  readonly cluster: string;
  readonly password: string;
  readonly identity: Identity | undefined;
}

const runInitdb = async (directory: string, { binaries, password }: InitCluster, user?: Identity): Promise<void> => {
  const file = await passwordFile(dirname(directory), password, user);
  try {
    const initdb = spawn(join(binaries, 'initdb'), INITDB_ARGS, {
      cwd: directory,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'pipe', file.fd],
      ...user,
    });
    const closed = once(initdb, 'close').then(([code]: unknown[]) => code);
    const [words, code] = await Promise.all([initdb.stderr ? text(initdb.stderr) : '', closed]);
    if (code !== 0) throw new Error(`initdb failed:\n  ${words.trim().replaceAll('\n', '\n  ')}`);
  } finally {
    await file.close();
  }
};

/**
 * Makes a database cluster unless there is one.
 * @throws Error with initdb's own words
 */
export const initCluster = async (options: InitCluster): Promise<void> => {
  const { cluster, identity } = options;
  if (await pathExists(cluster)) return;
  const unfinished = `${cluster}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  // initdb wants a user that /etc/passwd knows; the files change hands afterwards.
  const user = identity && NOBODY;
  await giveTo(unfinished, user);
  await runInitdb(unfinished, options, user);
  await giveTo(unfinished, identity);
  await rename(unfinished, cluster);
};
