import { z } from 'zod';
import { parseLockOwner, type LockOwner } from '../../endpoints/job-processes.ts';

/**
 * The holder of a lock, as borg writes it: `host@node.pid-thread`, the thread in hexadecimal. A borg that we started has
 * `owner@host` in place of `host@node`.
 */
export interface LockHolder {
  /** The host's name as borg saw it; all of the id when the host was given one by BORG_HOST_ID. */
  readonly host: string;
  /** Undefined for a borg that we did not start, and for one that serves a repository. */
  readonly owner?: LockOwner;
  readonly pid: number;
  /** The name of the file in `lock.exclusive`; undefined for a holder that only the roster names. */
  readonly file?: string;
  /** When the lock was taken, milliseconds since the epoch; undefined when that is unknown. */
  readonly at?: number;
}

const NAME = /^(?<id>.*)\.(?<pid>\d+)-[0-9a-f]+$/s;

const readId = (id: string): Pick<LockHolder, 'owner' | 'host'> =>
  parseLockOwner(id) ?? { host: id.replace(/@[^@]*$/, '') };

/** The holder that a file in `lock.exclusive` names; undefined for another kind of file. */
export const parseLockName = (file: string): LockHolder | undefined => {
  const { id, pid } = NAME.exec(file)?.groups ?? {};
  return id === undefined || pid === undefined ? undefined : { ...readId(id), pid: Number(pid), file };
};

const holder = z.tuple([z.string(), z.int(), z.int()]);
const roster = z.object({ shared: z.array(holder).default([]), exclusive: z.array(holder).default([]) });

/** The holders in `lock.roster`; none when it is missing or not readable, as for borg itself. */
export const parseRoster = (text: string): readonly LockHolder[] => {
  try {
    const { shared, exclusive } = roster.parse(JSON.parse(text));
    return [...shared, ...exclusive].map(([id, pid]) => ({ ...readId(id), pid }));
  } catch {
    return [];
  }
};
