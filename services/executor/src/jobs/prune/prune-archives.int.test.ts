import { catalogCommands } from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startJobSite, type EndedJob, type JobSite, type JobSketch } from '../../testing/job-site.ts';

let site: JobSite;
const forgotten: string[] = [];
const reconciled: { archives: { name: string }[] }[] = [];

beforeAll(async () => {
  site = await startJobSite();
  await writeFile(join(site.folder, 'source', 'file'), 'kept');
  site.answer(catalogCommands.removeArchive.subject, ({ archive }: { archive: string }) => {
    forgotten.push(archive);
    return { position: null };
  });
});

beforeAll(() => {
  site.answer(catalogCommands.reconcile.subject, (request: (typeof reconciled)[number]) => {
    reconciled.push(request);
    return { vanished: [], reappeared: [], unknown: [], position: null };
  });
});

afterAll(() => site[Symbol.asyncDispose]());

const DAY = 86_400_000;
const NEWEST = Date.UTC(2026, 2, 1, 4);

/** The backups that made archives, by name. */
const jobs = new Map<string, string>();

/**
 * An archive that a backup of the series made so many days before the newest, with borg directly. Older ones have to be made first.
 * @param clock of the client
 */
const archive = async (
  policy: string,
  name: string,
  daysAgo: number,
  { good = true, clock = new Date(NEWEST - daysAgo * DAY) }: { good?: boolean; clock?: Date } = {},
): Promise<string> => {
  const at = clock.toISOString();
  await site.borg('create', `--timestamp=${at.slice(0, 19)}`, `::${name}`, join(site.folder, 'source'));
  const run = randomUUID();
  const job = randomUUID();
  jobs.set(name, job);
  const facts = {
    name,
    borg_id: 'f'.repeat(64),
    started_at: at,
    finished_at: at,
    duration: 1,
    files: 1,
    original_size: 4,
    compressed_size: 4,
    deduplicated_size: 4,
  };
  await site.plan({ uuid: job, run, archive_name: name, policy: { uuid: policy } });
  await site.appendAt(new Date(NEWEST - daysAgo * DAY).toISOString(), `job-${job}`, {
    type: 'job-started',
    data: { job, run, attempt: 1, executor: 'before' },
  });
  await site.append(
    `job-${job}`,
    good
      ? {
          type: 'job-succeeded',
          data: {
            ...{ job, attempt: 1, warnings: [], repository: site.repository.uuid, client: site.clientUuid },
            ...{ archive: facts, repository_sizes: null, pruned: [], machines: [], restored: null, drill: null },
            check: null,
          },
        }
      : {
          type: 'job-failed',
          data: {
            ...{ job, attempt: 1, status: 'failed', reason: 'shrank', exit_code: 0, warnings: [], archive: facts },
            ...{ restored: null, drill: null, check: null },
          },
        },
  );
  return name;
};

const prune = (policy: NonNullable<JobSketch['policy']>): Promise<EndedJob> =>
  site.runJob({ job_type: 'prune', archive_name: null, policy });

describe('a prune', () => {
  it('removes only archives of its own policy and client that no rule keeps', async () => {
    const uuid = randomUUID();
    const own: string[] = [];
    for (const days of [2, 1, 0]) own.push(await archive(uuid, `folders-web-day-${days}`, days));
    const other = await archive(randomUUID(), 'folders-web-01-day-1', 1);
    await site.borg('create', '::folders-web-by-hand', join(site.folder, 'source'));
    const ended = await prune({ uuid, keep_daily: 2 });
    expect(ended).toMatchObject({
      status: 'successful',
      end: { pruned: [own[0]], repository_sizes: { deduplicated_size: expect.any(Number) } },
    });
    expect((await site.archives()).toSorted()).toEqual([...own.slice(1), other, 'folders-web-by-hand'].toSorted());
    expect(forgotten).toEqual([own[0]]);
    expect(await site.output(ended.job)).toMatch(/Keeping folders-web-day-0 \(daily #1\)/);
  });

  it('never removes the last good archive, even if archives of failed backups are newer', async () => {
    const uuid = randomUUID();
    const good = await archive(uuid, 'guarded-good', 5);
    const bad = [
      await archive(uuid, 'guarded-bad-1', 1, { good: false }),
      await archive(uuid, 'guarded-bad-2', 0, { good: false }),
    ];
    const ended = await prune({ uuid, keep_hourly: 1, keep_yearly: 1 });
    expect(ended).toMatchObject({ status: 'successful', end: { pruned: [], repository_sizes: null } });
    expect(await site.archives()).toEqual(expect.arrayContaining([good, ...bad]));
  });

  it('keeps the archive that was made last, whatever the clock of the client said', async () => {
    const uuid = randomUUID();
    const ahead = await archive(uuid, 'clock-ahead', 2, { clock: new Date('2040-01-01T00:00:00Z') });
    const right = await archive(uuid, 'clock-right', 1);
    const behind = await archive(uuid, 'clock-behind', 0, { clock: new Date('1999-01-01T00:00:00Z') });
    expect(await prune({ uuid, keep_daily: 1 })).toMatchObject({ end: { pruned: [right, ahead] } });
    expect(await site.archives()).toContain(behind);
  });

  it('removes checkpoints of unfinished backups, and reconciles the catalog with the repository', async () => {
    const uuid = randomUUID();
    const gone = await archive(uuid, 'swept-gone', 1);
    const kept = await archive(uuid, 'swept-kept', 0);
    await site.borg('delete', `::${gone}`);
    await site.borg('create', `::${kept}.checkpoint`, join(site.folder, 'source'));
    expect(await site.archives()).toContain(`${kept}.checkpoint`);
    forgotten.length = 0;
    reconciled.length = 0;
    expect(await prune({ uuid, keep_daily: 5 })).toMatchObject({ status: 'successful', end: { pruned: [] } });
    expect(await site.archives()).not.toContain(`${kept}.checkpoint`);
    expect(forgotten).toEqual([`${kept}.checkpoint`]);
    const names = reconciled.flatMap(({ archives }) => archives.map(({ name }) => name));
    expect(names).toContain(kept);
    expect(names).not.toContain(gone);
  });

  it('ignores forgotten archives until they are found again', async () => {
    const uuid = randomUUID();
    const old = await archive(uuid, 'returned-old', 1);
    await archive(uuid, 'returned-new', 0);
    const job = jobs.get(old);
    await site.append(`catalog-${job}`, { type: 'archive-removed', data: { job, reason: 'pruned' } });
    expect(await prune({ uuid, keep_daily: 1 })).toMatchObject({ end: { pruned: [] } });
    const found = { job, repository: site.repository.uuid, archive: old, borg_id: 'f'.repeat(64) };
    await site.append(`catalog-${job}`, { type: 'archive-reappeared', data: found });
    expect(await prune({ uuid, keep_daily: 1 })).toMatchObject({ end: { pruned: [old] } });
  });

  it('a prune of one machine removes no archive of another machine on the host', async () => {
    const uuid = randomUUID();
    const name = await archive(uuid, 'of-no-machine', 1);
    const ended = await site.runJob({
      job_type: 'prune',
      archive_name: null,
      machine: { id: '100', name: 'vm' },
      policy: { uuid, keep_daily: 1 },
    });
    expect(ended.status).toBe('successful');
    expect(await site.archives()).toContain(name);
  });
});
