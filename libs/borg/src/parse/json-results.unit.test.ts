import { expect, test } from 'vitest';
import { BorgOutputError } from './output-error.ts';
import { parseArchiveInfo, parseArchiveList, parseCreateResult, parseRepositoryInfo } from './json-results.ts';

// As borg 1.2.4 wrote them, run with TZ=UTC; long ids shortened.
const STATS = { compressed_size: 638, deduplicated_size: 638, nfiles: 1, original_size: 617 };
const ARCHIVE = {
  command_line: ['/usr/bin/borg', 'create'],
  duration: 0.010327,
  end: '2026-11-23T12:33:00.000000',
  id: '21ef',
  limits: { max_archive_size: 2.8181131144827697e-5 },
  name: 'a-1',
  start: '2026-11-23T12:33:00.000000',
  stats: STATS,
};
const CACHE = {
  path: '/root/.cache/borg/0422',
  stats: {
    total_chunks: 3,
    total_csize: 47,
    total_size: 4,
    total_unique_chunks: 3,
    unique_csize: 882,
    unique_size: 895,
  },
};
const REPOSITORY = {
  id: '0422',
  last_modified: '2026-11-23T12:33:00.000000',
  location: 'ssh://root@127.0.0.1:43223/repo',
};
const ENCRYPTION = { mode: 'repokey-blake2' };

const READ_ARCHIVE = {
  name: 'a-1',
  id: '21ef',
  start: '2026-11-23T12:33:00.000000Z',
  end: '2026-11-23T12:33:00.000000Z',
  durationSeconds: 0.010327,
  originalSize: 617,
  compressedSize: 638,
  deduplicatedSize: 638,
  files: 1,
};
const READ_REPOSITORY = {
  id: '0422',
  lastModified: '2026-11-23T12:33:00.000000Z',
  location: 'ssh://root@127.0.0.1:43223/repo',
};
const READ_CACHE = {
  totalSize: 4,
  totalCompressedSize: 47,
  uniqueCompressedSize: 882,
  uniqueSize: 895,
  totalChunks: 3,
  uniqueChunks: 3,
};

test('reads the result of borg create', () => {
  const text = JSON.stringify(
    { archive: ARCHIVE, cache: CACHE, encryption: ENCRYPTION, repository: REPOSITORY },
    null,
    4,
  );
  expect(parseCreateResult(text)).toEqual({ archive: READ_ARCHIVE, repository: READ_REPOSITORY, cache: READ_CACHE });
});

test('reads the info of a repository and of an archive', () => {
  const about = { cache: CACHE, encryption: ENCRYPTION, repository: REPOSITORY };
  expect(parseRepositoryInfo(JSON.stringify({ ...about, security_dir: '/x' }))).toEqual({
    cache: READ_CACHE,
    encryption: 'repokey-blake2',
    repository: READ_REPOSITORY,
  });
  const archive = {
    ...ARCHIVE,
    hostname: 'vm',
    username: 'root',
    comment: '',
    chunker_params: ['buzhash', 19, 23, 21, 4095],
  };
  expect(parseArchiveInfo(JSON.stringify({ ...about, archives: [archive] }))).toEqual({
    archive: { ...READ_ARCHIVE, hostname: 'vm', username: 'root', comment: '' },
    cache: READ_CACHE,
  });
});

test('reads the list of archives', () => {
  const archives = [
    { archive: 'a-1', barchive: 'a-1', id: '21ef', name: 'a-1', start: ARCHIVE.start, time: ARCHIVE.start },
  ];
  expect(parseArchiveList(JSON.stringify({ archives, encryption: ENCRYPTION, repository: REPOSITORY }))).toEqual({
    archives: [{ id: '21ef', name: 'a-1', start: '2026-11-23T12:33:00.000000Z' }],
    repository: READ_REPOSITORY,
  });
});

test.each([
  ['', 'not JSON'],
  ['{}', 'archive'],
  [
    JSON.stringify({ archive: { ...ARCHIVE, stats: { ...STATS, original_size: 2 ** 60 } }, repository: REPOSITORY }),
    'original_size',
  ],
  [JSON.stringify({ archive: { ...ARCHIVE, start: 'yesterday' }, repository: REPOSITORY }), 'start: not a time'],
  [JSON.stringify({ archive: { ...ARCHIVE, end: '2026-13-45T99:00:00' }, repository: REPOSITORY }), 'end: not a time'],
  [JSON.stringify({ archive: { ...ARCHIVE, duration: -1 }, repository: REPOSITORY }), 'duration'],
  [JSON.stringify({ archive: { ...ARCHIVE, id: '../x' }, repository: REPOSITORY }), 'not an id of borg'],
  [JSON.stringify({ archive: { ...ARCHIVE, name: 'x'.repeat(501) }, repository: REPOSITORY }), 'archive.name'],
  ['['.repeat(8_000_000), 'nested too deeply'],
  [`[${'0,'.repeat(3_000_000)}0]`, 'more than 2000000 values'],
])('a result of borg create that cannot be read is refused (case %#)', (text, why) => {
  expect(() => parseCreateResult(text)).toThrow(why);
  expect(() => parseCreateResult(text)).toThrow(BorgOutputError);
});
