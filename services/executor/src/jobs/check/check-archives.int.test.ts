import { catalogCommands } from '@cyborgbackup/contracts';
import { randomBytes, randomUUID } from 'node:crypto';
import { open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startJobSite, type EndedJob, type JobSite } from '../../testing/job-site.ts';

let site: JobSite;
let backup: EndedJob;
const findings: Record<string, unknown>[] = [];

beforeAll(async () => {
  site = await startJobSite();
  await writeFile(join(site.folder, 'source', 'file'), randomBytes(50_000));
  backup = await site.runJob({ archive_name: 'checked' });
  site.answer(catalogCommands.recordFindings.subject, (found: Record<string, unknown>) => {
    findings.push(found);
    return { position: '1' };
  });
  site.answer(catalogCommands.reconcile.subject, () => ({
    vanished: ['gone'],
    reappeared: ['back'],
    unknown: ['foreign'],
    position: null,
  }));
});

afterAll(() => site[Symbol.asyncDispose]());

const check = (job_type: 'check' | 'integrity'): Promise<EndedJob> =>
  site.runJob({ job_type, client: null, archive_name: null, ...(job_type === 'check' ? { check: 'archives' } : {}) });

const largestSegment = async (): Promise<{ readonly path: string; readonly size: number }> => {
  const folder = join(site.folder, 'repository', 'data', '0');
  const paths = (await readdir(folder)).map((name) => join(folder, name));
  const segments = await Promise.all(paths.map(async (path) => ({ path, size: (await stat(path)).size })));
  const largest = segments.toSorted((a, b) => b.size - a.size)[0];
  if (!largest) throw new Error('The repository has no segments');
  return largest;
};

describe('a check of a repository', () => {
  it.each(['check', 'integrity'] as const)('succeeds when it is undamaged (job type %s)', async (type) => {
    const ended = await check(type);
    expect(ended).toMatchObject({
      status: 'successful',
      end: {
        warnings: [],
        check: { verified_data: type === 'integrity', damaged: [], known_until: expect.stringMatching(/^\d+$/) },
      },
    });
    expect(await site.output(ended.job)).toMatch(/without us: gone[^]*after all: back[^]*made by no job: foreign/);
  });

  it('fails for damaged data, and no prune follows', async () => {
    // The file's content is in the largest segment: some bytes in the middle of it change.
    const { path } = await largestSegment();
    const file = await open(path, 'r+');
    await file.write(Buffer.from('broken'), 0, 6, 25_000);
    await file.close();

    const ended = await check('integrity');
    expect(ended).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/The repository Main is damaged/),
      end: { check: { verified_data: true } },
    });
    expect(ended.reason).toMatch(/1 chunks of data/);
    const pruned = await site.runJob({ job_type: 'prune', archive_name: null, policy: { keep_daily: 1 } });
    expect(pruned).toMatchObject({ status: 'failed', reason: expect.stringMatching(/check .* found damage/) });
  });

  it('fails for missing data, and tells the catalog which archive lacks it', async () => {
    await rm((await largestSegment()).path);
    const ended = await check('check');
    expect(ended, ended.reason ?? '').toMatchObject({
      status: 'failed',
      end: { check: { verified_data: false, damaged: ['checked'] } },
    });
    expect(findings).toContainEqual(expect.objectContaining({ job: backup.job, archive_healthy: false }));
  });

  it('fails without a result when the repository does not exist', async () => {
    const { user, host, port } = site.repositoryHost;
    const repository = { ...site.repository, path: `ssh://${user}@${host}:${port}/no/such/${randomUUID()}` };
    const ended = await site.runJob({ job_type: 'integrity', client: null, archive_name: null, repository });
    expect(ended).toMatchObject({ status: 'failed', end: { check: null } });
  });
});
