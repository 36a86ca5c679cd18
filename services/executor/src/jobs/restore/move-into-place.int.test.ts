import { localRunner } from '@cyborgbackup/borg';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moveIntoPlace, type MoveResult, type MoveRequest } from './move-into-place.ts';

const ODD = Buffer.concat([Buffer.from('odd\n"\'$(touch x) * {} \u{1f389} '), Buffer.from([0xff])]);
const [OLD, MIDDLE, NEW] = ['2020-01-01', '2022-06-01', '2024-01-01'].map((day) => new Date(`${day}T00:00:00Z`));
const SUFFIX = '.restored-7';

let folder: string;
let stage: string;
let root: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "place'files "));
  root = join(folder, 'root');
  stage = join(root, '.stage');
  mkdirSync(stage, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (path: string, content: string, at = MIDDLE): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  if (at) utimesSync(path, at, at);
};
const link = (path: string, target: string, at = MIDDLE): void => {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
  execFileSync('touch', ['-h', '-d', at?.toISOString() ?? '', path]);
};
const moveAll = (replace: MoveRequest['replace']): Promise<MoveResult> =>
  moveIntoPlace(
    localRunner(),
    { replace, stage, root, suffix: SUFFIX, inPlace: false, linkedParents: [] },
    { signal: AbortSignal.timeout(30_000), cleanup: [`rm -rf '${stage.replaceAll("'", "'\\''")}'`] },
  );
/** What became of the files. */
const move = async (replace: MoveRequest['replace']): Promise<Omit<MoveResult, 'folders'>> => {
  const { folders: _folders, ...files } = await moveAll(replace);
  return files;
};
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const NOBODY = { replaced: 0, kept_both: 0, skipped: 0, skippedBytes: 0 };
const POLICIES = ['newer', 'never', 'keep-both'] as const;

describe.each(POLICIES)('moving restored files by the policy %s', (replace) => {
  it('moves files that meet nothing, and removes the private folder', async () => {
    write(join(stage, 'a', 'deep', 'file'), 'content');
    write(join(stage, '-rf'), 'hyphen');
    writeFileSync(Buffer.concat([Buffer.from(`${stage}/a/`), ODD]), 'odd');
    link(join(stage, 'link'), 'a');
    mkdirSync(join(root, 'a'));
    const before = lstatSync(join(stage, 'a', 'deep')).ino;
    expect(await move(replace)).toEqual(NOBODY);
    expect([read('a/deep/file'), read('-rf')]).toEqual(['content', 'hyphen']);
    expect(readFileSync(Buffer.concat([Buffer.from(`${root}/a/`), ODD]), 'utf8')).toBe('odd');
    expect(readlinkSync(join(root, 'link'))).toBe('a');
    // A whole folder is moved at once.
    expect(lstatSync(join(root, 'a', 'deep')).ino).toBe(before);
    expect(existsSync(stage)).toBe(false);
    expect(existsSync(join(root, 'x'))).toBe(false);
  });

  it('treats existing files as the policy says', async () => {
    for (const name of ['older', 'same', 'younger']) write(join(stage, 'in', name), `archived ${name}`);
    write(join(root, 'in', 'older'), 'old', OLD);
    write(join(root, 'in', 'same'), 'archived same');
    write(join(root, 'in', 'younger'), 'new', NEW);
    const expected: Record<typeof replace, Omit<MoveResult, 'folders'>> = {
      newer: { ...NOBODY, replaced: 1, skipped: 2, skippedBytes: 29 },
      never: { ...NOBODY, skipped: 3, skippedBytes: 43 },
      'keep-both': { ...NOBODY, kept_both: 2, skipped: 1, skippedBytes: 13 },
    };
    expect(await move(replace)).toEqual(expected[replace]);
    expect(read('in/older')).toBe(replace === 'newer' ? 'archived older' : 'old');
    expect([read('in/younger'), read('in/same')]).toEqual(['new', 'archived same']);
    const beside = readdirSync(join(root, 'in')).filter((name) => name.endsWith(SUFFIX));
    expect(beside).toEqual(replace === 'keep-both' ? [`older${SUFFIX}`, `younger${SUFFIX}`] : []);
    if (replace === 'keep-both') expect(read(`in/younger${SUFFIX}`)).toBe('archived younger');
  });

  it('never follows existing links', async () => {
    link(join(stage, 'l'), 'archived');
    link(join(root, 'l'), 'outside', OLD);
    write(join(stage, 'f'), 'file');
    mkdirSync(join(folder, 'outside'));
    link(join(root, 'f'), join(folder, 'outside'), OLD);
    await move(replace);
    expect(readlinkSync(join(root, 'l'))).toBe(replace === 'newer' ? 'archived' : 'outside');
    expect(lstatSync(join(root, 'f')).isSymbolicLink()).toBe(replace !== 'newer');
    expect(readdirSync(join(folder, 'outside'))).toEqual([]);
    if (replace === 'keep-both') expect(read(`f${SUFFIX}`)).toBe('file');
  });

  it('handles a file where a folder would go, and a folder where a file would go', async () => {
    write(join(stage, 'folder', 'inside'), 'abc');
    link(join(stage, 'folder', 'link'), 'x');
    write(join(root, 'folder'), 'in the way', OLD);
    write(join(stage, 'file'), 'abcd');
    write(join(root, 'file', 'mine'), 'mine', OLD);
    const expected = replace === 'keep-both' ? { ...NOBODY, kept_both: 3 } : { ...NOBODY, skipped: 3, skippedBytes: 7 };
    expect(await move(replace)).toEqual(expected);
    expect([read('folder'), read('file/mine')]).toEqual(['in the way', 'mine']);
    if (replace !== 'keep-both') return;
    expect([read(`folder${SUFFIX}/inside`), read(`file${SUFFIX}`)]).toEqual(['abc', 'abcd']);
  });
});

it.each(POLICIES)(
  'by the policy %s does not treat a link as a folder, and leaves its target unchanged',
  async (replace) => {
    write(join(stage, 'docs', 'f'), 'archived');
    mkdirSync(join(folder, 'outside'));
    link(join(root, 'docs'), join(folder, 'outside'), OLD);
    const expected = replace === 'keep-both' ? { kept_both: 1 } : { skipped: 1, skippedBytes: 8 };
    expect(await move(replace)).toEqual({ ...NOBODY, ...expected });
    expect(readdirSync(join(folder, 'outside'))).toEqual([]);
    expect(readlinkSync(join(root, 'docs'))).toBe(join(folder, 'outside'));
    if (replace === 'keep-both') expect(read(`docs${SUFFIX}/f`)).toBe('archived');
  },
);

describe('moving restored files by the policy always', () => {
  it('replaces files and links, and never follows a link', async () => {
    for (const name of ['older', 'younger']) write(join(stage, 'in', name), `archived ${name}`);
    write(join(root, 'in', 'older'), 'old', OLD);
    write(join(root, 'in', 'younger'), 'new', NEW);
    write(join(root, 'in', 'other'), 'stays');
    write(join(stage, 'f'), 'file');
    mkdirSync(join(folder, 'outside'));
    link(join(root, 'f'), join(folder, 'outside'), OLD);
    expect(await moveAll('always')).toEqual({ ...NOBODY, replaced: 3, folders: 1 });
    expect([read('in/older'), read('in/younger'), read('in/other')]).toEqual([
      'archived older',
      'archived younger',
      'stays',
    ]);
    expect([lstatSync(join(root, 'f')).isFile(), read('f')]).toEqual([true, 'file']);
    expect(readdirSync(join(folder, 'outside'))).toEqual([]);
  });

  it('puts a folder in the place of a file or link, and a file in that of an empty folder', async () => {
    for (const name of ['file', 'link']) write(join(stage, name, 'inside'), `in ${name}`);
    write(join(root, 'file'), 'in the way');
    mkdirSync(join(folder, 'outside'));
    link(join(root, 'link'), join(folder, 'outside'), OLD);
    write(join(stage, 'empty'), 'a file');
    mkdirSync(join(root, 'empty'));
    await move('always');
    expect([read('file/inside'), read('link/inside'), read('empty')]).toEqual(['in file', 'in link', 'a file']);
    expect(readdirSync(join(folder, 'outside'))).toEqual([]);
  });

  it('leaves a folder that has something in it, and says so', async () => {
    write(join(stage, 'file'), 'a file');
    write(join(root, 'file', 'mine'), 'mine');
    await expect(move('always')).rejects.toThrow(/could not be put in their places/);
    expect(read('file/mine')).toBe('mine');
  });
});

it('refuses a private folder that another account made', async () => {
  write(join(stage, 'f'), 'not ours');
  chownSync(stage, 1000, 1000);
  await expect(move('never')).rejects.toThrow(/is not what it was/);
  expect(existsSync(join(root, 'f'))).toBe(false);
});

it('does not read a pipe that meets a pipe', async () => {
  execFileSync('mkfifo', [join(stage, 'pipe'), join(root, 'pipe')]);
  expect(await move('keep-both')).toEqual({ ...NOBODY, kept_both: 1 });
  expect(lstatSync(join(root, `pipe${SUFFIX}`)).isFIFO()).toBe(true);
});

it('names the files that could not be moved', async () => {
  const long = 'n'.repeat(250);
  write(join(stage, long), 'x');
  write(join(root, long), 'y');
  await expect(move('keep-both')).rejects.toThrow(/could not be put in their places/);
  expect(existsSync(stage)).toBe(false);
});

/** Says of each mv that copies whether it does so where others can write. */
const WATCHED_MV = `#!/bin/sh
for to do :; done
[ -d "$to" ] || to=$(dirname "$to")
for from do
  [ "$from" != "$to" ] && [ -e "$from" ] && [ "$(stat -c %d "$from")" != "$(stat -c %d "$to")" ] || continue
  [ "$(stat -c '%u %a' "$to")" = '0 700' ] || echo "$from" >>"$(dirname "$0")/copied"
done
exec /bin/mv "$@"
`;

describe.skipIf(process.getuid?.() !== 0)('another file system below the destination', () => {
  const mounted = (): string => join(root, 'mounted');
  const { PATH } = process.env;
  beforeEach(() => {
    mkdirSync(mounted());
    execFileSync('mount', ['-t', 'tmpfs', 'none', mounted()]);
    write(join(folder, 'mv'), WATCHED_MV);
    chmodSync(join(folder, 'mv'), 0o755);
    process.env['PATH'] = `${folder}:${PATH}`;
  });
  afterEach(() => {
    process.env['PATH'] = PATH;
    execFileSync('umount', [mounted()]);
  });

  it('gets what is restored by renaming, so that no folder that is being filled can be swapped for a link', async () => {
    write(join(mounted(), 'home/there'), 'old', OLD);
    chownSync(join(mounted(), 'home'), 65_534, 65_534);
    for (const name of ['folder/deep', 'there', 'file']) write(join(stage, 'mounted/home', name), 'new');
    expect(await move('keep-both')).toEqual({ ...NOBODY, kept_both: 1 });
    expect(['folder/deep', 'there', 'file', `there${SUFFIX}`].map((name) => read(`mounted/home/${name}`))).toEqual([
      ...['new', 'old', 'new', 'new'],
    ]);
    expect([readdirSync(mounted()), existsSync(join(folder, 'copied'))]).toEqual([['home'], false]);
  });

  it('is refused where all of it belongs to another account', async () => {
    chownSync(mounted(), 65_534, 65_534);
    write(join(stage, 'mounted/folder/deep'), 'new');
    await expect(move('always')).rejects.toThrow(/there is no folder that only this account and root can write to/);
    expect(readdirSync(mounted())).toEqual([]);
  });
});
