import { isAppError } from '@cyborgbackup/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createListParser, type ArchiveEntry } from './list-parser.ts';

// As borg 1.2.4 wrote it, run with TZ=UTC; NUL for |.
const FIRST = "-|-rw-r--r--|'root'|'www'|0|33|5|2026-11-23T15:08:52.566190|healthy|''|'src/new\\nline'|";
const SECOND = `l|lrwxrwxrwx|1000|'d\\xe9'|1000|1|8|2026-11-23T15:08:52|broken|"tar'get"|'src/inv\\udcff\\udce9 \\U0001f600 \\\\ \\' "'|`;

const ENTRIES: readonly ArchiveEntry[] = [
  {
    type: '-',
    mode: '-rw-r--r--',
    user: 'root',
    group: 'www',
    uid: 0,
    gid: 33,
    size: 5,
    mtime: '2026-11-23T15:08:52.566190Z',
    healthy: true,
    linkTarget: '',
    path: 'src/new\nline',
    unsafe: '',
  },
  {
    type: 'l',
    mode: 'lrwxrwxrwx',
    user: '1000',
    group: 'dé',
    uid: 1000,
    gid: 1,
    size: 8,
    mtime: '2026-11-23T15:08:52Z',
    healthy: false,
    linkTarget: "tar'get",
    path: `src/inv\udcff\udce9 \u{1f600} \\ ' "`,
    unsafe: '',
  },
];

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll('|', '\0'), 'latin1');

test('a listing is read alike however its bytes are split', () => {
  const whole = bytes(FIRST + SECOND + FIRST);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: whole.length })), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), whole.length];
      const parser = createListParser();
      const found = at.slice(1).flatMap((end, index) => parser.push(whole.subarray(at[index], end)));
      parser.end();
      expect(found).toEqual([...ENTRIES, ENTRIES[0]]);
    }),
  );
});

test.each([
  ['a time with an offset is converted to UTC', '2026-11-23T13:32:59.771+01:00', '5', ['2026-11-23T12:32:59.771Z', 5]],
  ['a size beyond 2^53 is read as 0', '2026-11-23T15:08:52', String(2 ** 60), ['2026-11-23T15:08:52Z', 0]],
  ['a size below 2^53 is read exactly', '2026-11-23T15:08:52', String(2 ** 52), ['2026-11-23T15:08:52Z', 2 ** 52]],
])('%s', (_name, time, size, expected) => {
  const [entry] = createListParser().push(bytes(FIRST.replace('|5|2026-11-23T15:08:52.566190|', `|${size}|${time}|`)));
  expect([entry?.mtime, entry?.size]).toEqual(expected);
});

const refusal = (work: () => unknown): string => {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return isAppError(error) ? error.code : String(error);
  }
};

test('a listing that ends within an entry is refused', () => {
  for (const end of [1, 5, FIRST.length - 1]) {
    const parser = createListParser();
    parser.push(bytes(FIRST + FIRST.slice(0, end)));
    expect(refusal(() => parser.end())).toBe('conflict');
  }
});

test('output that is no listing is refused', () => {
  const parser = createListParser();
  expect(refusal(() => parser.push(bytes('Welcome|to|web|'.repeat(4))))).toBe('conflict');
});

test('an entry without end, and a character that is none, are refused', () => {
  const parser = createListParser();
  const chunk = Buffer.alloc(64 * 1024, 'x');
  expect(refusal(() => Array.from({ length: 5 }, () => parser.push(chunk)))).toBe('conflict');
  const empty = Buffer.from(`${'x'.repeat(100_000)}\0`.repeat(3));
  expect(refusal(() => createListParser().push(empty))).toBe('conflict');
  expect(refusal(() => createListParser().push(bytes(FIRST.replace('src/new', String.raw`\Uffffffff`))))).toBe(
    'conflict',
  );
});
