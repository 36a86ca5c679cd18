import { createLogger } from '@cyborgbackup/kernel';
import { verifyLog } from '@cyborgbackup/event-store';
import { connectProcess, type ServiceDeps } from '@cyborgbackup/service';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { delay } from '@cyborgbackup/kernel';
import type { ApiClient } from '../../demo/api-client.ts';
import { recordedViolations } from '../testing/openapi-violations.ts';
import { createRecordedFetch } from '../testing/recorded-fetch.ts';
import { startE2eHost, type E2eHost } from '../testing/e2e-host.ts';
import { ADMIN, startFiveServices, type FiveServices } from '../testing/five-services.ts';
import { jobEnd, jobRuns } from '../testing/job-end.ts';
import { launch, makeThings, PASSPHRASE, type Things } from '../testing/policy.ts';
import { compareAll } from '../testing/replay.ts';

/** What was started, however far the start came: its disposal must not hide why the start failed. */
const resources = new AsyncDisposableStack();
let five: FiveServices;
const recorded = createRecordedFetch(() => five.url);
let host: E2eHost;
let api: ApiClient;
let things: Things;

/** Large enough for a backup to be under way when a service is killed. */
const BULK_BYTES = 150_000_000;

beforeAll(async () => {
  five = resources.use(await startFiveServices());
  vi.stubGlobal('fetch', recorded.fetch);
  api = await five.logIn();
  host = resources.use(await startE2eHost(await api.get('/api/v1/settings/get_ssh_publickey/', z.string())));
  things = await makeThings(api, host);
  // Preparations are done once, so that a kill meets the backup itself.
  await jobEnd(api, await launch(api, things.policy), 60_000);
  await idle();
}, 180_000);

afterAll(() => resources.disposeAsync());

const active = z.object({ count: z.number() });

const idle = async (): Promise<void> => {
  const path = '/api/v1/jobs/?status__in=new,pending,waiting,running';
  while ((await api.get(path, active)).count > 0) await delay(100);
};

const archives = async (): Promise<string[]> => {
  const repository = { BORG_PASSPHRASE: PASSPHRASE, BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes' };
  const env = { ...process.env, ...repository, BORG_BASE_DIR: host.borgBase };
  const { stdout } = await promisify(execFile)('borg', ['list', '--short', '--lock-wait', '30', host.repository], {
    env,
  });
  return stdout.split('\n').filter((line) => line !== '');
};

/** Who is killed at the same moment: all but the executor die together. */
const VICTIMS = [['executor'], ['scheduler', 'inventory', 'gateway', 'catalog']] as const;

test.each(VICTIMS.map((names) => [names.join(', '), names] as const))(
  'a backup survives the sudden death of %s',
  { timeout: 260_000 },
  async (_title, names) => {
    await writeFile(join(host.source, 'bulk.bin'), randomBytes(BULK_BYTES));
    const id = await launch(api, things.policy);
    await jobRuns(api, id);
    await Promise.all(names.map((name) => five.services[name].kill()));
    await Promise.all(names.map((name) => five.services[name].start()));
    const job = await jobEnd(api, id, 150_000);
    await idle();
    expect(['successful', 'failed']).toContain(job.status);
    const made = (await archives()).filter((archive) => archive === job.archive_name);
    expect(made).toHaveLength(job.status === 'successful' ? 1 : 0);
    if (job.status === 'failed') expect(job.job_explanation).not.toBe('');
  },
);

/** Events whose stored text holds what nobody should be able to read there. */
const secretsInClear = async ({ pool }: ServiceDeps): Promise<string[]> => {
  const { rows } = await pool.query<{ type: string }>(
    `select distinct type from events.events
      where data::text || metadata::text like any ($1) or metadata::text like '%127.0.0.1%'`,
    [[PASSPHRASE, ADMIN.password, ADMIN.email, 'PRIVATE KEY', '$scrypt$'].map((secret) => `%${secret}%`)],
  );
  return rows.map(({ type }) => type);
};

test('the log is intact, holds no secret in clear, and alone gives the same read models', async () => {
  const { depsOf } = await connectProcess(
    'replay',
    {
      DATABASE_URL: five.environment['DATABASE_URL'] ?? '',
      CYBORGBACKUP_DATABASE_ADMIN_URL: five.adminUrl,
      NATS_URL: five.nats.url,
      CYBORGBACKUP_MASTER_KEY: five.environment['CYBORGBACKUP_MASTER_KEY'] ?? '',
      CYBORGBACKUP_DATA_DIR: '/nonexistent',
      CYBORGBACKUP_LOG_LEVEL: 'silent',
    },
    createLogger('replay', 'silent'),
  );
  const deps = await depsOf('test');
  try {
    for (const comparison of await compareAll(deps)) {
      expect(comparison).toMatchObject({ differences: [], parked: 0 });
      expect(comparison.rows).toBeGreaterThan(0);
    }
    expect(await verifyLog(deps.store)).toMatchObject({ intact: true });
    expect(await secretsInClear(deps)).toEqual([]);
  } finally {
    await deps.close();
  }
});

test('all that was answered is as the OpenAPI document describes it', async () => {
  expect(recorded.exchanges.length).toBeGreaterThan(0);
  expect(await recordedViolations(five.url, recorded)).toEqual([]);
});
