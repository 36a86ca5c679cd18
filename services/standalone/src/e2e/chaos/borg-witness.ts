import { appendFile, chmod, mkdir, open, readFile, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { delay } from '@cyborgbackup/kernel';

/** A borg process that changes a repository. */
export interface Writer {
  readonly pid: number;
  readonly command: string;
  readonly repository: string;
  readonly archive: string;
}

/** Notes every borg that runs on the test's hosts, by standing in front of it on their PATH. */
export interface BorgWitness extends AsyncDisposable {
  writers(): readonly Writer[];
  /** Writers that started while an earlier one was still alive in the same repository, that one first. */
  overlaps(): readonly (readonly [Writer, Writer])[];
}

const WRITING = new Set(['create', 'delete', 'prune', 'compact', 'init', 'check', 'break-lock']);
const LOOK_MILLIS = 20;

/** `$$` stays the process id: the witness becomes borg. One short line is appended at once, so lines never mix. */
const script = (log: string, borg: string): string => `#!/bin/sh
printf '%s\\t%s\\n' "$$" "$(printf '%s ' "$@" | tr '\\n\\t' '  ' | cut -c1-2000)" >>'${log}'
exec '${borg}' "$@"
`;

const parseStart = (line: string, repositories: readonly string[]): Writer | undefined => {
  const [pid = '', args = ''] = line.split('\t');
  const words = args.split(' ');
  const command = words.find((word) => WRITING.has(word));
  const repository = repositories.find((path) => words.some((word) => word.split('::')[0]?.endsWith(path)));
  if (command === undefined || repository === undefined || words.includes('serve')) return undefined;
  const archive = words.find((word) => word.includes('::'))?.split('::')[1] ?? '';
  return { pid: Number(pid), command, repository, archive };
};

/** A process id that another program has by now is no borg of ours. */
const isAlive = async (pid: number): Promise<boolean> =>
  readFile(`/proc/${pid}/stat`, 'utf8').then(
    (text) => text.includes('(borg)') && !/\) [ZX] /.test(text),
    () => false,
  );

const readNew = async (file: FileHandle, from: number): Promise<string> => {
  const { size } = await file.stat();
  const buffer = Buffer.alloc(size - from);
  await file.read(buffer, 0, buffer.length, from);
  return buffer.toString().slice(0, buffer.lastIndexOf('\n') + 1);
};

/**
 * @param folder to put first on PATH
 * @param options.repositories their paths, none of them the end of another
 */
export const startBorgWitness = async (
  folder: string,
  options: { borg: string; repositories: readonly string[] },
): Promise<BorgWitness> => {
  const log = join(folder, 'log');
  await mkdir(folder, { recursive: true });
  await appendFile(log, '');
  await writeFile(join(folder, 'borg'), script(log, options.borg));
  await chmod(join(folder, 'borg'), 0o755);
  const file = await open(log, 'r');
  const seen: Writer[] = [];
  const overlaps: (readonly [Writer, Writer])[] = [];
  let offset = 0;
  let isOver = false;

  /** A line is there only once its writer runs: who is alive after it was read ran at the same time. */
  const note = async (writer: Writer): Promise<void> => {
    for (const other of seen.filter(({ repository }) => repository === writer.repository)) {
      if (await isAlive(other.pid)) overlaps.push([other, writer]);
    }
    seen.push(writer);
  };

  const look = async (): Promise<void> => {
    const text = await readNew(file, offset);
    offset += Buffer.byteLength(text);
    for (const line of text.split('\n')) {
      const writer = parseStart(line, options.repositories);
      if (writer) await note(writer);
    }
  };

  const looking = (async () => {
    while (!isOver) {
      await look();
      await delay(LOOK_MILLIS);
    }
  })();

  return {
    writers: () => seen,
    overlaps: () => overlaps,
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      await looking;
      await file.close();
    },
  };
};
