import { describe, expect, test } from 'vitest';
import { createListParser } from '../parse/list-parser.ts';
import { extractCommand, listEntriesCommand } from './archives.ts';

const place = { repository: '/r', archive: 'a' };

describe('a selection of an archive', () => {
  test('a selection consists of literal paths, then patterns', () => {
    const selection = { paths: ['re:x', '-n'], patterns: ['sh:**/y'] };
    const words = ['--', '/r::a', 'pp:re:x', 'pp:-n', 'sh:**/y'];
    expect(extractCommand({ ...place, ...selection }).slice(-5)).toEqual(words);
    expect(listEntriesCommand({ ...place, ...selection }).slice(-5)).toEqual(words);
    expect(listEntriesCommand(place).slice(-2)).toEqual(['--', '/r::a']);
  });

  test('a selection can be listed with the digests of contents', () => {
    const [plain, full] = [false, true].map((withDigests) =>
      listEntriesCommand({ ...place, withDigests }).find((word) => word.startsWith('--format=')),
    );
    expect(full).toBe(`${plain ?? ''}{sha256}{NUL}`);
    const fields = [
      '-',
      '-rw-r--r--',
      "'root'",
      "'root'",
      '0',
      '0',
      '3',
      '2026-01-01T00:00:00.000000',
      'healthy',
      "''",
    ];
    const parser = createListParser({ withDigests: true });
    const bytes = Buffer.from([...fields, "'a'", 'abc', ...fields, "'b'", '', ''].join('\0'));
    expect(parser.push(bytes)).toMatchObject([
      { path: 'a', sha256: 'abc' },
      { path: 'b', sha256: '' },
    ]);
    parser.end();
  });
});
