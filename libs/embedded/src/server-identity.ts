import { lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The user that a server runs as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root, and no server should. This user needs no entry in /etc/passwd, so that a bare system
 * will do. The number is below 65536, the only range that every container maps, and in 65520..65533, which neither
 * Debian's policy nor systemd assigns: no other daemon shares our files.
 */
const SERVER: Identity = { uid: 65_530, gid: 65_530 };

/** The user `nobody` of every system: it has an entry in /etc/passwd, which initdb insists on. */
export const NOBODY_USER: Identity = { uid: 65_534, gid: 65_534 };

/** The user that our servers run as: one without rights when we are root, otherwise (undefined) our own. */
export const serverIdentity = (): Identity | undefined => (process.getuid?.() === 0 ? SERVER : undefined);

/** Gives a folder and all below it to the identity. Does nothing when the top already is its own, or without an identity. */
export const changeOwner = async (path: string, identity: Identity | undefined): Promise<void> => {
  if (!identity) return;
  const { uid, gid } = await lstat(path);
  if (uid === identity.uid && gid === identity.gid) return;
  const below = await readdir(path, { recursive: true });
  // Links themselves, never what they lead to. The top comes last: it says that all below is done, should we be interrupted.
  for (const name of [...below, '.']) await lchown(join(path, name), identity.uid, identity.gid);
};
