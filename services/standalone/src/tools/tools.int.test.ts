import { prepareDatabase } from '@cyborgbackup/service';
import { createTestDatabase, type TestDatabase } from '@cyborgbackup/testkit';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import pg from 'pg';

const JOB = '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a11';

let database: TestDatabase;
let owner: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  await prepareDatabase(database.adminUrl);
  owner = new pg.Pool({ connectionString: database.adminUrl, max: 1 });
});
afterAll(async () => {
  await owner?.end();
  await database?.[Symbol.asyncDispose]();
});

interface Ended {
  readonly code: number;
  readonly said: string;
}

/** As an operator runs them, with the login that the services have. */
const tools = (...args: readonly string[]): Promise<Ended> => toolsWith({ DATABASE_URL: database.url }, ...args);

const toolsWith = async (environment: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Ended> => {
  const child = spawn(process.execPath, ['services/standalone/src/tools/main.ts', ...args], {
    env: {
      ...process.env,
      ...environment,
      CYBORGBACKUP_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      CYBORGBACKUP_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, problems, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: Number(code), said: `${out}${problems}` };
};

it('a read model is made from the log, compared with it, and mended', async () => {
  expect(await tools('rebuild', 'scheduler')).toEqual({ code: 0, said: 'scheduler is rebuilt.\n' });
  await owner.query(`insert into scheduler.grants (job, run, granted_version) values ($1, $1, 1)`, [JOB]);
  const compared = await tools('compare', 'scheduler', '--json');
  expect(JSON.parse(compared.said)).toMatchObject({
    ...{ good: false, compared: 'scheduler', rows: 1, parked: 0 },
    differences: [{ table: 'grants', live: expect.stringContaining(JOB), rebuilt: null }],
  });
  expect(compared.code).toBe(1);
  await tools('rebuild', 'scheduler');
  expect(await tools('compare', 'scheduler')).toMatchObject({ code: 0, said: expect.stringContaining('0 rows') });
});

it('a parked event is listed, with what is to be done', async () => {
  await owner.query(
    `insert into projections.parked_events values ('catalog', 7, 'catalog-1', 'archive-listed', 'No such column')`,
  );
  const listed = await tools('parked', 'catalog');
  expect(listed).toEqual({
    code: 1,
    said: '7 archive-listed of catalog-1: No such column\nRetry them: rebuild catalog\n',
  });
});

it('a log that fits is intact, and one that was altered says where', async () => {
  const intact = await tools('verify');
  expect(intact).toEqual({ code: 0, said: expect.stringMatching(/^Intact: \d+ events\.\n$/) });
  await owner.query(`insert into events.streams (stream, version, last_hash) values ('cut-1', 1, sha256('another'))`);
  const cut = await tools('verify', '--json');
  expect([cut.code, JSON.parse(cut.said)]).toMatchObject([1, { good: false, cutStreams: ['cut-1'] }]);
});

it('a read model that is not there is refused with those that are', async () => {
  expect(await tools('rebuild', 'catalogue')).toEqual({
    code: 1,
    said: 'There is no read model "catalogue": give one of inventory, scheduler, executor, catalog.\n',
  });
});

it('nothing is in order where there is no product, and nothing is made there', async () => {
  const folder = join(tmpdir(), `cyborgbackup-nowhere-${randomUUID()}`);
  expect(await toolsWith({ CYBORGBACKUP_DATA_DIR: folder }, 'verify')).toEqual({
    code: 1,
    said: `There is no product in ${folder}: give its CYBORGBACKUP_DATA_DIR, or the DATABASE_URL of one that runs.\n`,
  });
  expect(existsSync(folder)).toBe(false);
});
