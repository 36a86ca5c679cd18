import { delay } from '@cyborgbackup/kernel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { ApiClient } from '../../demo/api-client.ts';
import { jobSchema } from '../../demo/watch-job.ts';
import { startChaosCluster, type ChaosCluster, type Victim } from './chaos-cluster.ts';
import { readLog } from './faithful-log.ts';
import { makeFleet, pathOf, type Fleet } from './fleet.ts';
import { seededRandom } from './seeded-random.ts';

/*
 * Everything dies, again and again, while a fleet is backed up. Seconds of dying: CYBORGBACKUP_CHAOS_SECONDS; from 120 on
 * with 20 clients on 4 repositories. CYBORGBACKUP_CHAOS_SEED repeats an order of deaths.
 */
const SECONDS = Number(process.env['CYBORGBACKUP_CHAOS_SECONDS'] ?? 15);
const SEED = Number(process.env['CYBORGBACKUP_CHAOS_SEED'] ?? Date.now() % 1_000_000);
const LONG = SECONDS >= 120;
const SIZE = LONG
  ? { clients: 20, repositories: 4, bytes: 8_000_000 }
  : { clients: 6, repositories: 2, bytes: 4_000_000 };
const PAUSE_MILLIS = { least: LONG ? 3_000 : 4_000, more: 5_000 };
/** A job whose executor died takes a minute to come back, and may be unlucky more than once. */
const SETTLE_MILLIS = LONG ? 900_000 : 240_000;

const jobs = z.object({
  count: z.number(),
  results: z.array(jobSchema.extend({ repository: z.number().nullable() })),
});

const patient = async <Result>(ask: () => Promise<Result>, deadline: number): Promise<Result> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(300);
    }
  }
};

/** Who dies next: mostly executors, since they hold the work. */
const pick = ({ executors, scheduler, nats, postgres, faults }: ChaosCluster, random: () => number): Victim => {
  const crowd = [...executors, ...executors, scheduler, nats, postgres, ...faults];
  return crowd[Math.floor(random() * crowd.length)] ?? scheduler;
};

const wreak = async (cluster: ChaosCluster, random: () => number, until: number): Promise<string[]> => {
  const killed: string[] = [];
  while (Date.now() < until) {
    await delay(PAUSE_MILLIS.least + random() * PAUSE_MILLIS.more);
    const victim = pick(cluster, random);
    await victim.kill();
    killed.push(victim.name);
    await delay(random() * 2_000);
    await victim.revive();
  }
  return killed;
};

/** Launches every policy again as soon as it is idle, as a schedule would. */
const keepLaunching = async (api: ApiClient, fleet: Fleet, until: number): Promise<number> => {
  let launched = 0;
  while (Date.now() < until) {
    for (const policy of fleet.policies) {
      const done = await api.post(`/api/v1/policies/${policy}/launch/`, {}, z.object({ job: z.number() })).then(
        () => true,
        () => false,
      );
      if (done) launched += 1;
    }
    await delay(1_000);
  }
  return launched;
};

const allEnded = async (api: ApiClient): Promise<void> => {
  const deadline = Date.now() + SETTLE_MILLIS;
  const active = (): Promise<{ count: number }> =>
    api.get('/api/v1/jobs/?status__in=new,pending,waiting,running', z.object({ count: z.number() }));
  while ((await patient(active, deadline)).count > 0) {
    if (Date.now() > deadline) throw new Error(`Jobs that do not end: ${JSON.stringify(await patient(active, 0))}`);
    await delay(500);
  }
};

const clientOf = (archive: string): string => archive.replace(/-\d{4}-\d\d-\d\d_.*$/, '');

/** How often which reason was given, for whoever reads a failure. */
const reasons = (all: z.output<typeof jobs>['results']): string =>
  [...Map.groupBy(all, (job) => `${job.job_type} ${job.status}: ${job.job_explanation}`)]
    .map(([reason, same]) => `${same.length} x ${reason}`)
    .toSorted()
    .join('\n');

test(
  'a fleet is backed up truthfully while everything dies',
  { timeout: SECONDS * 1000 + SETTLE_MILLIS + 120_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-fleet-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await using cluster = await startChaosCluster({ PATH: pathOf(folder), HOME: folder });
    const api = await cluster.logIn();
    await using fleet = await makeFleet(api, SIZE, folder);
    const until = Date.now() + SECONDS * 1000;
    const [launched, killed] = await Promise.all([
      keepLaunching(api, fleet, until),
      wreak(cluster, seededRandom(SEED), until),
    ]);
    await allEnded(api);
    const { results } = await api.get('/api/v1/jobs/?page_size=10000', jobs);
    const story = `seed ${SEED}: ${launched} launches, ${results.length} jobs, killed ${killed.join(', ')}`;
    process.stdout.write(`${story}\n${reasons(results)}\n`);

    const log = await readLog(cluster);
    expect(log, story).toMatchObject({ unfaithful: [], intact: true, afterTheEnd: [] });
    expect(fleet.witness.overlaps(), story).toEqual([]);

    const unexplained = results.filter((job) => job.status !== 'successful' && job.job_explanation === '');
    expect(unexplained, story).toEqual([]);
    const backups = results.filter(({ job_type, status }) => job_type === 'job' && status === 'successful');
    const successful = backups.toSorted((a, b) => a.id - b.id).map((job) => job.archive_name ?? '');
    expect(successful.length, story).toBeGreaterThan(0);
    // Nothing is there but what succeeded, once, no checkpoint either; and the latest of each client is there, since retention
    // removes older ones. A prune that was killed after it had deleted cannot name those in its result any more.
    const made = (await Promise.all(fleet.repositories.map((path) => fleet.archives(path)))).flat();
    const latest = [...new Map(successful.map((name) => [clientOf(name), name])).values()];
    expect(new Set(made).size, story).toBe(made.length);
    expect(
      made.filter((name) => !successful.includes(name)),
      story,
    ).toEqual([]);
    expect(
      made.filter((name) => log.pruned.has(name)),
      story,
    ).toEqual([]);
    expect(
      latest.filter((name) => !made.includes(name)),
      story,
    ).toEqual([]);
    expect(fleet.witness.writers().length, story).toBeGreaterThanOrEqual(successful.length);
  },
);
