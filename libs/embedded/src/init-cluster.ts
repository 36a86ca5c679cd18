import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { changeOwner, type Identity, NOBODY_USER } from './server-identity.ts';

export const SUPERUSER = 'cyborgbackup';

/** The working directory, reached without passing the folders above it. */
export const WORKING_DIRECTORY = '/proc/self/cwd';

const INITDB_ARGS = [
  `--pgdata=${WORKING_DIRECTORY}`,
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

const runInitdb = async (binaries: string, directory: string, password: string, user?: Identity): Promise<void> => {
  // The password is in an open file that is already unlinked: readable through its descriptor only.
  const path = join(dirname(directory), 'initdb-password');
  await rm(path, { force: true });
  await using file = await open(path, 'wx+', 0o600);
  await rm(path);
  await file.writeFile(`${password}\n`);
  if (user) await file.chown(user.uid, user.gid);
  const initdb = spawn(join(binaries, 'initdb'), INITDB_ARGS, {
    cwd: directory,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe', file.fd],
    ...user,
  });
  const closed = once(initdb, 'close').then(([code]: unknown[]) => code);
  const [words, code] = await Promise.all([initdb.stderr ? text(initdb.stderr) : '', closed]);
  if (code !== 0) throw new Error(`initdb failed:\n  ${words.trim().replaceAll('\n', '\n  ')}`);
};

/**
 * Makes a database cluster unless there is one: `cluster` appears complete or not at all.
 * @param binaries the folder with PostgreSQL's executables
 * @throws Error with initdb's own words
 */
export const initCluster = async (
  binaries: string,
  cluster: string,
  password: string,
  identity: Identity | undefined,
): Promise<void> => {
  if (existsSync(cluster)) return;
  const unfinished = `${cluster}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  // initdb wants a user that /etc/passwd knows; the files change hands afterwards.
  const user = identity && NOBODY_USER;
  await changeOwner(unfinished, user);
  await runInitdb(binaries, unfinished, password, user);
  await changeOwner(unfinished, identity);
  await rename(unfinished, cluster);
};
