import { decodeWithEscapes } from './surrogate-escape.ts';
import { countOf, type JsonObject, parseObject, textOf } from './fields.ts';
import { toIsoUtc } from './time.ts';

/** One entry of an archive. */
export interface ArchiveEntry {
  /** `-` file, `d` folder, `l` symbolic link, `c` and `b` devices, `p` pipe, `s` socket. */
  readonly type: string;
  /** As `ls` shows it; an `h` in front marks a hard link to `linkTarget`. */
  readonly mode: string;
  /** Names, or the numeric id where the name was unknown. */
  readonly user: string;
  readonly group: string;
  readonly uid: number;
  readonly gid: number;
  /**
   * Without leading slash. Borg 1.2 itself writes `?` for each byte that is not UTF-8; where a version tells such bytes,
   * they are kept as U+DC80 to U+DCFF.
   */
  readonly path: string;
  /** Bytes. 0 for what is not a file, and for further hard links. */
  readonly size: number;
  /** ISO 8601, UTC. */
  readonly mtime: string;
  readonly linkTarget: string;
  /** False when parts of the file are missing from the repository. */
  readonly healthy: boolean;
}

const nameOf = (value: unknown): string => (typeof value === 'number' ? String(value) : textOf(value));

/** Borg 2 (and late 1.x) adds the true bytes when the path is not valid UTF-8. */
const pathOf = (path: unknown, base64: unknown): string =>
  typeof base64 === 'string' ? decodeWithEscapes(Buffer.from(base64, 'base64')) : textOf(path);

const linkTargetOf = (fields: JsonObject): string =>
  textOf(fields['linktarget'] ?? fields['source'] ?? fields['target']);

/**
 * One line of `list --json-lines` with the fields of `listFilesCommand`.
 * @returns undefined for a line that is not an entry
 */
export const parseListLine = (text: string): ArchiveEntry | undefined => {
  const fields = parseObject(text) ?? {};
  const path = pathOf(fields['path'], fields['path_b64']);
  const mtime = toIsoUtc(fields['mtime'] ?? fields['isomtime']);
  if (path === '' || mtime === undefined) return undefined;
  const mode = textOf(fields['mode']);
  return {
    type: textOf(fields['type']) || mode.slice(0, 1),
    mode,
    user: nameOf(fields['user']),
    group: nameOf(fields['group']),
    uid: countOf(fields['uid']),
    gid: countOf(fields['gid']),
    path,
    size: countOf(fields['size']),
    mtime,
    linkTarget: linkTargetOf(fields),
    healthy: fields['healthy'] !== false,
  };
};
