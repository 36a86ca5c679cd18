import { outputStream } from '@cyborgbackup/contracts';
import { failAppends, PASSING_SQL_STATES, startTestSshd } from '@cyborgbackup/testkit';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startJobSite, type JobSite, type JobSketch } from '../testing/job-site.ts';

let site: JobSite;
let source: string;

beforeAll(async () => {
  site = await startJobSite();
  source = join(site.folder, "so'urce $(x)");
  await mkdir(source);
  await writeFile(join(source, 'kept.txt'), 'kept');
  await writeFile(join(source, 'left.tmp'), 'left');
});

afterAll(() => site[Symbol.asyncDispose]());

/** A backup of the source, tried once. */
const backup = (sketch: JobSketch = {}): JobSketch => ({
  variables: { folders: [source], exclude: ['*.tmp'] },
  ...sketch,
  policy: { max_attempts: 1, ...sketch.policy },
});

describe('the jobs of a client', () => {
  it('a check job of the client prepares it', async () => {
    expect(await site.runJob({ job_type: 'check', check: 'client', archive_name: null })).toMatchObject({
      status: 'successful',
    });
  });

  it('folders are backed up, with the facts that borg reports', async () => {
    const { status, end, types } = await site.runJob(backup({ archive_name: 'folders-web-2026-01-01_00-00' }));
    expect(status).toBe('successful');
    expect(end).toMatchObject({
      warnings: [],
      archive: { name: 'folders-web-2026-01-01_00-00', files: 1, original_size: expect.any(Number) },
      repository_sizes: { deduplicated_size: expect.any(Number) },
    });
    expect(types).toEqual(['job-started', 'job-succeeded']);
  });

  it('a backup is done once and is successful, although its end can be written only at last', async () => {
    // An append that fails is tried once more at once.
    const states = PASSING_SQL_STATES.flatMap((state) => [state, state]);
    await failAppends(site.test.adminUrl, 'job-succeeded', states);
    const ended = await site.runJob(backup({ archive_name: 'folders-web-2026-01-01_00-01' }));
    expect(ended).toMatchObject({ status: 'successful', attempt: 1 });
    expect(ended.types.filter((type) => type === 'job-started')).toHaveLength(1);
  });

  it('a second archive of the same name is refused, in a sentence', async () => {
    const ended = await site.runJob(backup({ archive_name: 'folders-web-2026-01-01_00-00' }));
    expect(ended).toMatchObject({ status: 'failed', reason: expect.stringMatching(/already exists/) });
  });
});

describe('a job fails with a sentence that names the problem', () => {
  const urlOf = (path: string): NonNullable<JobSketch['repository']> => {
    const { user, host, port } = site.repositoryHost;
    return { ...site.repository, path: `ssh://${user}@${host}:${port}${path}` };
  };
  const cases: [string, () => JobSketch | Promise<JobSketch>, RegExp][] = [
    [
      'a folder that does not exist',
      () => ({ variables: { folders: ['/no/such/folder'] } }),
      /\/no\/such\/folder does not exist on 127\.0\.0\.1/,
    ],
    ['variables without folders', () => ({ variables: {} }), /extra_vars.*folders/],
    ['an unknown host', () => ({ client: site.clientAt('no-such-host.invalid', 22) }), /no-such-host\.invalid/],
    ['a closed port', () => ({ client: site.clientAt('127.0.0.1', 1) }), /127\.0\.0\.1:1.*refused/],
    [
      'a wrong passphrase',
      async () => {
        const uuid = randomUUID();
        await site.registerRepository(uuid, site.repository.path, 'not the passphrase');
        return { repository: { ...site.repository, uuid } };
      },
      /passphrase is wrong/,
    ],
    [
      'a repository path that is no repository',
      () => ({ repository: urlOf(site.folder) }),
      /not a (valid|borg) repository/i,
    ],
    ['a repository that is not there', () => ({ repository: urlOf('/no/such/repository') }), /does not exist/],
  ];
  it.each(cases)('for %s', async (_name, sketch, reason) => {
    const ended = await site.runJob(backup(await sketch()));
    expect(ended).toMatchObject({ status: 'failed', attempt: 1, reason: expect.stringMatching(reason) });
  });

  it('is refused for a host that shows another key than before', async () => {
    await using other = await startTestSshd({ authorizedKeys: [] });
    const client = site.clientAt(other.host, other.port);
    const refused = await site.runJob(backup({ client }));
    expect(refused).toMatchObject({ status: 'failed', reason: expect.stringMatching(/key/) });
    await other.rotateHostKey();
    const changed = await site.runJob(backup({ client }));
    expect(changed.reason).toMatch(/host key of 127\.0\.0\.1:\d+ changed/i);
  });
});

it("shows no secret in a job's output", async () => {
  const { job } = await site.runJob(backup());
  const output: unknown[] = [];
  for await (const { data } of site.deps.store.readStream(outputStream(job))) output.push(data);
  expect(output.length).toBeGreaterThan(0);
  expect(JSON.stringify(output)).not.toContain(site.passphrase);
});

// From here on its host takes the key for this path alone.
it('a check job of the repository prepares it', async () => {
  const ended = await site.runJob({ job_type: 'check', check: 'repository', client: null, archive_name: null });
  expect(ended).toMatchObject({ status: 'successful', attempt: 1 });
});

// The last one: from here on it gets no secrets.
it('is tried again later, and has not failed, when the inventory does not give it its secrets', async () => {
  site.silenceInventory();
  const { job } = await site.start(backup());
  const { data } = await site.event(job, 'job-(attempt-lost|failed)');
  expect(data).toMatchObject({
    transport: false,
    reason: expect.stringContaining('nobody answers inventory.secret.read-for-job'),
  });
});
