import { localRunner } from '@cyborgbackup/borg';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { jobOf, runOf } from '../../testing/job-fixtures.ts';
import { reconcileCatalog } from './reconcile-archives.ts';

const run = promisify(execFile);
const repository = randomUUID();

let folder: string;
let requests: { after: string; until: string | null; archives: { name: string }[]; known_until: string }[] = [];

const endpoint = (path: string): BorgEndpoint => ({
  runner: localRunner(),
  host: 'executor',
  repository: path,
  passphrase: 'sesame',
  lockOwner: 'cyborgbackup-download',
  forwardAgent: false,
  options: [],
  mayBeUnencrypted: false,
  env: { BORG_BASE_DIR: join(folder, 'base') },
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

let preparedAs: string[] = [];
let lines: string[] = [];

/** Plays the log and the catalog. */
const deps = {
  store: {
    head: () => Promise.resolve(42n),
    async *readStream() {
      await Promise.resolve();
      for (const borg_id of preparedAs) {
        const data = {
          uuid: repository,
          ready: true,
          borg_id,
          encryption: 'repokey',
          initialised: true,
          own_key: false,
          key_installed: false,
        };
        yield { type: 'repository-prepared', data };
      }
    },
  },
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
} as unknown as JobContext['deps'];

const job = jobOf({ job_type: 'prune' });
const plan = { job, run: runOf(job, { repository: { id: 1, uuid: repository, name: 'Main', path: '/' } }) };

const reconcile = (at: BorgEndpoint, signal = new AbortController().signal): Promise<void> => {
  const output = { write: (_kind: string, text: string) => void lines.push(text) } as unknown as JobContext['output'];
  return reconcileCatalog({ deps, plan, output, signal }, at);
};

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
  lines = [];
  preparedAs = [];
});

it('compares all archives that borg lists', async () => {
  await reconcile(endpoint(join(folder, 'repository')));
  expect(lines).toEqual([
    expect.stringMatching(/^Gone from the repository without us: gone$/),
    expect.stringMatching(/^In the repository after all: back\. /),
    expect.stringMatching(/^In the repository, but made by no job: (one, two|two, one)$/),
  ]);
  expect(requests).toMatchObject([{ after: '', until: null, known_until: '42', archives: [{}, {}] }]);
});

it('compares a repository without archives, too', async () => {
  await reconcile(endpoint(join(folder, 'empty')));
  expect(requests).toMatchObject([{ after: '', until: null, archives: [] }]);
});

it.each<[string, () => Promise<unknown>, RegExp]>([
  ['a repository that is not there', () => reconcile(endpoint(join(folder, 'nowhere'))), /could not be listed/],
  [
    'a wrong passphrase',
    () => reconcile({ ...endpoint(join(folder, 'repository')), passphrase: 'wrong' }),
    /could not be listed.*passphrase/i,
  ],
  [
    'another repository',
    () => {
      preparedAs = ['ab'.repeat(32)];
      return reconcile(endpoint(join(folder, 'empty')));
    },
    /is [0-9a-f]{64}, not (ab){32} that was prepared/,
  ],
  [
    'a job that was stopped',
    () => reconcile(endpoint(join(folder, 'repository')), AbortSignal.abort()),
    /stopped|cancelled/,
  ],
])('does not take %s for an empty repository', async (_name, work, message) => {
  await expect(work()).rejects.toThrow(message);
  expect(requests).toEqual([]);
});
