import { catalogCommands } from '@cyborgbackup/contracts';
import { compareProjection } from '@cyborgbackup/projections';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executorProjection } from '../../tables/executor-projection.ts';
import { startBorgSite, type BorgSite, type EndedJob } from '../../testing/borg-site.ts';

describe('a restore drill', () => {
  let site: BorgSite;
  let asked: unknown;
  let sample: { path: string; size: number; mtime: string }[];
  const odd = Buffer.concat([Buffer.from('odd\n'), Buffer.from([0xff])]);
  const backup = randomUUID();

  beforeAll(async () => {
    site = await startBorgSite();
    const source = join(site.folder, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'a'), 'first');
    writeFileSync(Buffer.concat([Buffer.from(`${source}/`), odd]), 'odd one');
    await site.borg(['create', '::archive', '.'], { cwd: source });
    const mtime = statSync(join(source, 'a')).mtime.toISOString();
    sample = [
      { path: 'a', size: 5, mtime },
      { path: 'odd\n\udcff', size: 7, mtime },
    ];
    site.answer(catalogCommands.sample.subject, (input: unknown) => {
      asked = input;
      return { files: sample };
    });
    await site.deps.connection.nats.flush();
  });
  afterAll(() => site[Symbol.asyncDispose]());

  const drill = (): Promise<EndedJob> => site.runJob({ drill: { seed: 'seed', files: 2 }, master_job: backup });
  const scratches = (job: string): string[] => readdirSync('/var/tmp').filter((name) => name.includes(job));
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

  it('compares extracted files with the catalog and a second reading, and leaves no files behind', async () => {
    const { status, job, end } = await drill();
    expect(status).toBe('successful');
    expect(asked).toEqual({ job: backup, seed: 'seed', files: 2 });
    expect(end).toMatchObject({
      drill: {
        archive: 'archive',
        seed: 'seed',
        passed: true,
        bytes: 12,
        duration: expect.any(Number),
        files: [
          { path: 'a', size: 5, hash: sha('first'), problem: '' },
          // As people read it: the event is shown in tables.
          { path: 'odd\n\ufffd', size: 7, hash: sha('odd one'), problem: '' },
        ],
      },
    });
    expect(scratches(job)).toEqual([]);
  });

  it('fails with its result when the archive differs from the catalog', async () => {
    const [first, second] = sample;
    sample = [
      { ...first!, size: 6 },
      { ...second!, mtime: '2001-01-01T00:00:00Z' },
    ];
    const { status, reason, job, end } = await drill();
    expect(status).toBe('failed');
    expect(reason).toMatch(
      /2 of 2 files could not be restored as they were \(a: it has 5 bytes, and 6 in the catalog\)/,
    );
    expect(end).toMatchObject({
      drill: {
        passed: false,
        files: [{ problem: /5 bytes/ }, { problem: /another time/ }].map(({ problem }) => ({
          problem: expect.stringMatching(problem),
        })),
      },
    });
    expect(scratches(job)).toEqual([]);
    sample = [first!, second!];
  });

  it('fails when borg cannot read a file any more', async () => {
    sample = [{ path: 'gone', size: 1, mtime: '2001-01-01T00:00:00Z' }];
    expect(await drill()).toMatchObject({ status: 'failed', end: { drill: { passed: false } } });
  });

  it('fails when the archive has no files', async () => {
    sample = [];
    expect(await drill()).toMatchObject({ status: 'failed', reason: expect.stringMatching(/has no files/) });
  });

  it('a drill is kept in the history of drills', async () => {
    await site.deps.waiter.waitForProjections([executorProjection.name], 'head', 10_000);
    const { rows } = await site.deps.pool.query(
      `select policy_name, client_hostname, archive_name, seed, passed, files, failed_files, bytes::int, duration is not null
              and ended_at is not null as told, reason
         from executor.drills order by requested_at`,
    );
    const about = {
      policy_name: 'Policy',
      client_hostname: '127.0.0.1',
      archive_name: 'archive',
      seed: 'seed',
      files: 2,
      bytes: 12,
      told: true,
    };
    expect(rows).toMatchObject([
      { ...about, passed: true, failed_files: 0, reason: '' },
      { ...about, passed: false, failed_files: 2, bytes: 13, reason: expect.stringMatching(/2 of 2/) },
      { passed: false, files: 1, failed_files: 1 },
      { passed: false, files: 0, told: false, reason: expect.stringMatching(/no files/) },
    ]);
    const options = {
      ...site.deps,
      projection: executorProjection,
      owner: 'test',
      signal: AbortSignal.timeout(30_000),
    };
    expect((await compareProjection(options)).differences).toEqual([]);
  });
});
