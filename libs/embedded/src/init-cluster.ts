import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isErrno } from './errno.ts';
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
  readonly binaries: string;
  /** Becomes the cluster; appears complete or not at all. Left alone when it is there. */
  readonly cluster: string;
  readonly password: string;
  readonly identity: Identity | undefined;
}

/**
 * Makes a database cluster unless there is one.
 * @throws Error with initdb's own words
 */
export const initCluster = async ({ binaries, cluster, password, identity }: InitCluster): Promise<void> => {
  const unfinished = `${cluster}.new`;
  await rm(unfinished, { recursive: true, force: true });
  try {
    await mkdir(cluster);
    await rm(cluster, { recursive: true });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return;
    throw error;
  }
  // initdb wants a user that /etc/passwd knows; the files change hands afterwards.
  const user = identity && NOBODY;
  await mkdir(unfinished, { mode: 0o700 });
  await giveTo(unfinished, user);
  const file = await passwordFile(join(cluster, '..'), password, user);
  try {
    const initdb = spawn(join(binaries, 'initdb'), INITDB_ARGS, {
      cwd: unfinished,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'pipe', file.fd],
      ...user,
    });
    if (!initdb.stderr) throw new Error('initdb has no standard error');
    const [words, [code]] = await Promise.all([text(initdb.stderr), once(initdb, 'close')]);
    if (code !== 0) throw new Error(`initdb failed:\n  ${words.trim().replaceAll('\n', '\n  ')}`);
  } finally {
    await file.close();
  }
  await giveTo(unfinished, identity);
  await rename(unfinished, cluster);
};
