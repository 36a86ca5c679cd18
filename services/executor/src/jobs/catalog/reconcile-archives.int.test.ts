import { localRunner } from '@cyborgbackup/borg';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { reconcileArchives, type ReconcileOptions } from './reconcile-archives.ts';

const run = promisify(execFile);
const repository = randomUUID();

let folder: string;
let requests: { after: string; until: string | null; archives: { name: string }[]; known_until: string }[] = [];

const endpoint = (path: string): BorgEndpoint => ({
  runner: localRunner(),
  host: 'executor',
  repository: path,
  passphrase: 'sesame',
  forwardAgent: false,
  env: { BORG_BASE_DIR: join(folder, 'base') },
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

/** Plays the log and the catalog. */
const deps = {
  store: { head: () => Promise.resolve(42n) },
  rpc: {
    call: (_subject: string, request: (typeof requests)[number]) => {
      requests.push(request);
      return Promise.resolve({
        vanished: ['gone'],
        reappeared: ['back'],
        unknown: request.archives.map(({ name }) => name),
        position: null,
      });
    },
  },
} as unknown as ReconcileOptions['deps'];

const reconcile = (path: string, changes: Partial<ReconcileOptions> = {}) =>
  reconcileArchives({
    deps,
    endpoint: endpoint(path),
    repository,
    borgId: undefined,
    signal: new AbortController().signal,
    ...changes,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-reconcile-'));
  await mkdir(join(folder, 'base'));
  await writeFile(join(folder, 'file'), 'x');
  const env = { ...process.env, BORG_BASE_DIR: join(folder, 'base'), BORG_PASSPHRASE: 'sesame' };
  const path = join(folder, 'repository');
  await run('borg', ['init', '-e', 'repokey', path], { env });
  await run('borg', ['init', '-e', 'repokey', join(folder, 'empty')], { env });
  for (const name of ['one', 'two']) await run('borg', ['create', `${path}::${name}`, join(folder, 'file')], { env });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(() => {
  requests = [];
});

it('compares all archives that borg lists', async () => {
  expect(await reconcile(join(folder, 'repository'))).toEqual({
    vanished: ['gone'],
    foundAgain: ['back'],
    unknown: expect.arrayContaining(['one', 'two']),
  });
  expect(requests).toMatchObject([{ after: '', until: null, known_until: '42', archives: [{}, {}] }]);
});

it('compares a repository without archives, too', async () => {
  await reconcile(join(folder, 'empty'));
  expect(requests).toMatchObject([{ after: '', until: null, archives: [] }]);
});

it.each<[string, () => Promise<unknown>, RegExp]>([
  ['a repository that is not there', () => reconcile(join(folder, 'nowhere')), /could not be listed/],
  [
    'a wrong passphrase',
    () => reconcile('', { endpoint: { ...endpoint(join(folder, 'repository')), passphrase: 'wrong' } }),
    /could not be listed.*passphrase/i,
  ],
  [
    'another repository',
    () => reconcile(join(folder, 'empty'), { borgId: 'ab'.repeat(32) }),
    /is [0-9a-f]{64}, not (ab){32} that was prepared/,
  ],
  [
    'a job that was stopped',
    () => reconcile(join(folder, 'repository'), { signal: AbortSignal.abort() }),
    /stopped|cancelled/,
  ],
])('does not take %s for an empty repository', async (_name, work, message) => {
  await expect(work()).rejects.toThrow(message);
  expect(requests).toEqual([]);
});
