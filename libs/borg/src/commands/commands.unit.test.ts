import { expect, test } from 'vitest';
import { checkCommand, initCommand, keyExportCommand } from './repository.ts';
import { createCommand } from './create.ts';
import { deleteCommand, exportTarCommand, extractCommand, listArchivesCommand } from './archives.ts';
import { escapeGlob } from './options.ts';

const repository = 'ssh://borg@nas/./repo';
const COMMON = ['--log-json', '--info'];

test('borg create gets every option before --, and the paths after it', () => {
  const argv = createCommand({
    repository,
    archive: 'a',
    source: { paths: ['/etc', '-x', '--'] },
    compression: 'zstd,3',
    exclude: ['-e', 're:^/proc'],
    patterns: ['- sh:**/cache'],
    oneFileSystem: true,
    excludeCaches: true,
    checkpointIntervalSeconds: 300,
    uploadRateLimit: 1000,
    lockWaitSeconds: 60,
  });
  expect(argv).toEqual([
    'create',
    ...COMMON,
    '--lock-wait=60',
    '--upload-ratelimit=1000',
    '--json',
    '--progress',
    '--compression=zstd,3',
    '--checkpoint-interval=300',
    '--one-file-system',
    '--exclude-caches',
    '--pattern=- sh:**/cache',
    '--exclude=-e',
    '--exclude=re:^/proc',
    '--',
    `${repository}::a`,
    '/etc',
    '-x',
    '--',
  ]);
});

test('borg create of a dump lets borg start the command', () => {
  const argv = createCommand({ repository, archive: 'a', source: { command: ['pg_dump', '-Fc'], name: 'db.sql' } });
  expect(argv.slice(-6)).toEqual([
    '--content-from-command',
    '--stdin-name=db.sql',
    '--',
    `${repository}::a`,
    'pg_dump',
    '-Fc',
  ]);
});

test("borg create for another host's files takes numeric ids and a files cache mode", () => {
  const argv = createCommand({
    repository,
    archive: 'a',
    source: { paths: ['.'] },
    numericIds: true,
    filesCache: 'mtime,size',
  });
  expect(argv.slice(-5)).toEqual(['--numeric-ids', '--files-cache=mtime,size', '--', `${repository}::a`, '.']);
});

test('borg export-tar writes to standard output and takes paths literally', () => {
  expect(exportTarCommand({ repository, archive: 'a', paths: ['sh:*'] })).toEqual([
    'export-tar',
    ...COMMON,
    '--',
    `${repository}::a`,
    '-',
    'pp:sh:*',
  ]);
});

test('borg check and key export name the repository last', () => {
  expect(checkCommand({ repository, only: 'archives', verifyData: true }).slice(-5)).toEqual([
    '--progress',
    '--archives-only',
    '--verify-data',
    '--',
    repository,
  ]);
  expect(keyExportCommand({ repository })).toEqual(['key', 'export', ...COMMON, '--', repository]);
});

test('borg extract takes paths literally and refuses an empty one', () => {
  expect(extractCommand({ repository, archive: 'a', paths: ['re:x', '-y'] }).slice(3)).toEqual([
    '--progress',
    '--',
    `${repository}::a`,
    'pp:re:x',
    'pp:-y',
  ]);
  expect(() => extractCommand({ repository, archive: 'a', paths: [''] })).toThrow('is empty');
});

test('borg delete refuses an empty list of names, which would delete the repository', () => {
  expect(deleteCommand({ repository, archives: ['a', 'b'] }).slice(-4)).toEqual(['--', repository, 'a', 'b']);
  expect(() => deleteCommand({ repository, archives: [] })).toThrow('Name the archives');
});

test('borg init gets the encryption, and makes parent folders on request', () => {
  expect(initCommand({ repository, encryption: 'repokey', makeParentDirs: true })).toEqual([
    'init',
    ...COMMON,
    '--encryption=repokey',
    '--make-parent-dirs',
    '--',
    repository,
  ]);
});

test('glob metacharacters of a prefix are escaped', () => {
  expect(escapeGlob('a*b?c[d]e!')).toBe('a[*]b[?]c[[]d]e!');
  expect(listArchivesCommand({ repository, prefix: 'web-[' })).toContain('--glob-archives=web-[[]*');
});
