import { createEntryGate } from './entry-gate.ts';
import { countOf, toIsoUtc } from './fields.ts';
import { BorgOutputError } from './output-error.ts';

/** One entry of an archive, as far as borg says it: nothing may be made of it that has not passed the gate. */
interface ListedItem {
  /** `-` file, `d` folder, `l` symbolic link, `c` and `b` devices, `p` pipe, `s` socket. */
  readonly type: string;
  /** As `ls` shows it; an `h` in front marks a hard link to `linkTarget`. */
  readonly mode: string;
  /** Names, or the numeric id where the name was unknown. */
  readonly user: string;
  readonly group: string;
  readonly uid: number;
  readonly gid: number;
  /** Without leading slash. Bytes that are not UTF-8 are U+DC80 to U+DCFF (see shell/quote.ts). */
  readonly path: string;
  /** Bytes. 0 for what is not a file, and for further hard links. */
  readonly size: number;
  /** ISO 8601, UTC. */
  readonly mtime: string;
  readonly linkTarget: string;
  /** False when parts of the file are missing from the repository. */
  readonly healthy: boolean;
  /** Of the contents, hex, where it was asked for; empty for what has none. */
  readonly sha256?: string;
}

/** One entry of an archive that has passed the gate (see `EntryGate`), or has not. */
export interface ArchiveEntry extends ListedItem {
  /** Why it may not be extracted and its path not be used, a clause that begins with the path; empty for a safe entry. */
  readonly unsafe: string;
}

const ESCAPE = /\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)/gs;
const NAMED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

const unescaped = (code: string): string => {
  if (code.length === 1) return NAMED[code] ?? code;
  const point = Number.parseInt(code.slice(1), 16);
  if (point > MAX_CODE_POINT)
    throw new BorgOutputError(`Borg's listing has a name with \\${code}, which is no character.`);
  return String.fromCodePoint(point);
};

/** What Python's `ascii()` made of a text; a number, which stands for a name that is not known, as it is. */
const fromPython = (written: string): string => {
  const text = written.startsWith("'") || written.startsWith('"') ? written.slice(1, -1) : written;
  return text.includes('\\') ? text.replaceAll(ESCAPE, (_all, code: string) => unescaped(code)) : text;
};

const FIELD_COUNT = 11;
const MAX_CODE_POINT = 0x10ffff;
/** All fields of an entry. A path has 4,096 bytes where it is made, and up to ten characters for each of them here. */
const MAX_ENTRY_LENGTH = 256 * 1024;

const tooLong = (): BorgOutputError =>
  new BorgOutputError(`Borg's listing has an entry of more than ${MAX_ENTRY_LENGTH / 1024} KiB, which no file has.`);

const itemOf = (fields: readonly string[]): ListedItem => {
  const [type = '', mode = '', user = '', group = '', uid, gid, size, time, health, ...rest] = fields;
  const [target = '', path = '', sha256] = rest;
  const mtime = toIsoUtc(time);
  if (mtime === undefined) {
    const read = fields.join(' ').slice(0, 200);
    throw new BorgOutputError(`Borg's listing cannot be read at "${read}". Is it a borg of version 1.2 or 1.4?`);
  }
  return {
    type,
    mode,
    user: fromPython(user),
    group: fromPython(group),
    uid: countOf(Number(uid)),
    gid: countOf(Number(gid)),
    path: fromPython(path),
    size: countOf(Number(size)),
    mtime,
    linkTarget: fromPython(target),
    healthy: health === 'healthy',
    ...(sha256 === undefined ? {} : { sha256 }),
  };
};

/** The path that a hard link shares its contents with; empty for what is none. */
const hardLinkTo = ({ mode, linkTarget }: ListedItem): string => (mode.startsWith('h') ? linkTarget : '');

/**
 * Reads what `listEntriesCommand` makes borg write. Holds no more than one entry beside what it is given, and what the gate that
 * all entries pass remembers of them. `push` gives the entries that a chunk completes. Both functions throw
 * BorgOutputError for other output, and for an incomplete listing.
 * @param withDigests as the listing was asked for
 */
export const createListParser = ({ withDigests = false } = {}): {
  push: (chunk: Buffer) => ArchiveEntry[];
  end: () => void;
  /** As of the gate. */
  readonly repeated: ReadonlyMap<string, number>;
} => {
  const gate = createEntryGate();
  const count = withDigests ? FIELD_COUNT + 1 : FIELD_COUNT;
  let rest = '';
  let fields: string[] = [];
  let length = 0;
  return {
    repeated: gate.repeated,
    push: (chunk) => {
      // All of it is ASCII.
      const parts = (rest + chunk.toString('latin1')).split('\0');
      rest = parts.pop() ?? '';
      if (rest.length > MAX_ENTRY_LENGTH) throw tooLong();
      const entries: ArchiveEntry[] = [];
      for (const part of parts) {
        fields.push(part);
        length += part.length;
        if (length > MAX_ENTRY_LENGTH) throw tooLong();
        if (fields.length < count) continue;
        const item = itemOf(fields);
        entries.push({ ...item, unsafe: gate.check({ ...item, hardLinkTo: hardLinkTo(item) }) });
        fields = [];
        length = 0;
      }
      return entries;
    },
    end: () => {
      if (rest.trim() !== '' || fields.length > 0) {
        throw new BorgOutputError("Borg's listing ended in the middle of an entry: list the archive again.");
      }
    },
  };
};
