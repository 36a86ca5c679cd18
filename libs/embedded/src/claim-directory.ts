import { AppError } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { link, mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fails } from './files.ts';

/*
 * The owner of a folder listens on a socket in it. While somebody listens there the folder is taken, and the kernel knows that
 * better than a process id in a file, which may have been given out again, be of before a restart of the machine, of another
 * container, or have come here with a copy of the folder.
 *
 * Sockets are named `owner.N`. A process that wants the folder makes one under a name of its own and links it to the number after
 * the highest there is, if nobody listens at that one: of many who do so at once one succeeds. What is left over is removed only
 * then, since a name that is free again could be taken by somebody who has seen the leftover too. Whoever was so slow that the
 * number after his is there already takes his away and looks again.
 */

const nameOf = (number: number): string => `owner.${number}`;

/** The highest first. */
const numbersIn = async (directory: string): Promise<number[]> =>
  (await readdir(directory))
    .flatMap((name) => /^owner\.(?<number>\d{1,15})$/.exec(name)?.groups?.['number'] ?? [])
    .map(Number)
    .toSorted((a, b) => b - a);

/** An open folder. A socket's address has room for about a hundred bytes, which the folder's path may exceed. */
interface Folder {
  readonly path: string;
  readonly handle: FileHandle;
}

const addressOf = ({ path, handle }: Folder, name: string): string =>
  process.platform === 'linux' ? `/proc/self/fd/${handle.fd}/${name}` : join(path, name);

const ANSWER_MILLIS = 1_000;
/** The last one is a file that is no socket, which Linux answers as the first. */
const NOBODY = ['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'];

/** The process that listens there, if any. One that has been stopped listens, but does not answer. */
const listenerAt = async (address: string): Promise<string | undefined> => {
  const socket = connect(address);
  if (await fails(once(socket, 'connect'), ...NOBODY)) return undefined;
  const answer: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => answer.push(chunk));
  // That it breaks off says as much as an answer.
  socket.on('error', () => undefined);
  socket.setTimeout(ANSWER_MILLIS, () => socket.destroy());
  await once(socket, 'close');
  return Buffer.concat(answer).toString().trim() || 'another process';
};

const listen = async (address: string): Promise<Server> => {
  const server = createServer((socket) => {
    // Who asked may have gone.
    socket.on('error', () => undefined);
    socket.end(`process ${process.pid}\n`);
  });
  server.listen(address);
  await once(server, 'listening');
  return server.unref();
};

const refuseLiving = async (folder: Folder, number: number): Promise<void> => {
  const owner = await listenerAt(addressOf(folder, nameOf(number)));
  if (owner === undefined) return;
  throw new AppError('conflict', `${folder.path} is in use by ${owner}; stop it, or choose another data directory.`);
};

/** Whether the number is the highest; then all others are removed. @throws AppError `conflict` when somebody listens at another */
const isLast = async (folder: Folder, number: number): Promise<boolean> => {
  const [latest, ...others] = await numbersIn(folder.path);
  if (latest !== number) return false;
  for (const other of others) {
    await refuseLiving(folder, other);
    await rm(join(folder.path, nameOf(other)), { force: true });
  }
  return true;
};

/** Gives the socket a number. Returns its path. @throws AppError `conflict` */
const claim = async (folder: Folder, draft: string): Promise<string> => {
  for (;;) {
    const [highest = 0] = await numbersIn(folder.path);
    await refuseLiving(folder, highest);
    const own = join(folder.path, nameOf(highest + 1));
    if (await fails(link(draft, own), 'EEXIST')) continue;
    let isOurs = false;
    try {
      isOurs = await isLast(folder, highest + 1);
      if (isOurs) return own;
    } finally {
      if (!isOurs) await rm(own);
    }
  }
};

/**
 * Takes a server's folder (made if need be, mode 0700) for this process, so that a server that runs there without a living
 * owner is known to be left over. Returns what gives the folder back.
 * @throws AppError `conflict` while another process, or this one, holds it
 */
export const claimDirectory = async (directory: string): Promise<() => Promise<void>> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const folder = { path: directory, handle: await open(directory) };
  const name = `draft-${randomUUID()}`;
  const server = await listen(addressOf(folder, name));
  const close = async (): Promise<void> => {
    server.close();
    await folder.handle.close();
  };
  try {
    const own = await claim(folder, join(directory, name));
    return async () => {
      await rm(own, { force: true });
      await close();
    };
  } catch (error) {
    await close();
    throw error;
  } finally {
    await rm(join(directory, name), { force: true });
  }
};
