import { generateKeyPair } from '@cyborgbackup/borg';
import {
  BATCH_MAX_ENTRIES,
  POLICY_DEFAULTS,
  catalogCommands,
  clientCommands,
  jobEvolver,
  jobStream,
  outputStream,
  repositoryCommands,
  restoreRequest,
  runStream,
  type CatalogEntry,
  type JobState,
  type PlannedJob,
  type RunRequested,
} from '@cyborgbackup/contracts';
import { eventId, loadState } from '@cyborgbackup/event-store';
import { systemContext, type DomainEvent } from '@cyborgbackup/kernel';
import { createJobQueue, type JobQueue } from '@cyborgbackup/messaging';
import type { RunningService, ServiceParts } from '@cyborgbackup/service';
import { startTestParts, startTestSshd, type TestParts, type TestSshd } from '@cyborgbackup/testkit';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startExecutor } from './start.ts';

const PASSPHRASE = `pass $(phrase) 'quoted' "twice" ${randomUUID()}`;
const CONFIG = {
  CYBORGBACKUP_EXECUTOR_SLOTS: 2,
  CYBORGBACKUP_EXECUTOR_GRACE: 1,
  CYBORGBACKUP_SSH_CONNECT_TIMEOUT: 3,
};

let test$: TestParts;
let parts: ServiceParts;
let host: TestSshd;
let folder: string;
let source: string;
let executor: RunningService;
let queue: JobQueue;
let catalogued: CatalogEntry[] = [];
const repository = randomUUID();
const client = randomUUID();
const stopAnswering: (() => void)[] = [];

const append = async (stream: string, ...events: DomainEvent[]): Promise<void> => {
  const context = systemContext('test');
  const encoded = await Promise.all(
    events.map((event, index) => parts.codec.encode(event, { id: eventId(randomUUID(), stream, index), context })),
  );
  await parts.store.append(stream, encoded, 'any');
};

/** Plays the services that the executor calls. */
const answer = (subject: string, handle: (data: never) => unknown): void => {
  const subscription = parts.connection.nats.subscribe(subject, {
    callback: (_error, message) => {
      const { id, data } = message.json<{ id: string; data: never }>();
      message.respond(JSON.stringify({ id, isDisposed: true, response: handle(data) }));
    },
  });
  stopAnswering.push(() => subscription.unsubscribe());
};

const registerRepository = (uuid: string, path: string, key: string): Promise<void> =>
  append(`repository-${uuid}`, {
    type: 'repository-registered',
    data: { id: 1, uuid, name: 'Main', path, repository_key: key, ready: false, enabled: true },
  });

const clientAt = (hostname: string, port: number): NonNullable<PlannedJob['client']> => ({
  id: 1,
  uuid: client,
  hostname,
  port,
  bandwidth_limit: null,
});

interface JobSketch extends Partial<PlannedJob> {
  readonly folders?: readonly string[];
  readonly path?: string;
  readonly repositoryUuid?: string;
}

/** Requests a run of one job, queues it and waits for its end. */
const runJob = async (sketch: JobSketch): Promise<JobState & { job: string; events: DomainEvent[] }> => {
  const { folders = [source], path = repositoryUrl(), repositoryUuid = repository, ...planned } = sketch;
  const job: PlannedJob = {
    id: 1,
    uuid: randomUUID(),
    name: 'Job',
    job_type: 'job',
    launch_type: 'manual',
    client: clientAt(host.host, host.port),
    needs: [],
    archive_name: 'folders-web-2026-01-01_00-00',
    master_job: null,
    ...planned,
  };
  const run: RunRequested = {
    uuid: randomUUID(),
    policy: {
      id: 1,
      uuid: randomUUID(),
      name: 'Policy',
      policy_type: 'folders',
      keep_hourly: null,
      keep_daily: 1,
      keep_weekly: null,
      keep_monthly: null,
      keep_yearly: null,
      vmprovider: '',
      mode_pull: false,
      prehook: '',
      posthook: '',
      ...POLICY_DEFAULTS,
    },
    repository: { id: 1, uuid: repositoryUuid, name: 'Main', path },
    schedule: null,
    due_at: null,
    extra_vars: JSON.stringify({ folders, exclude: ['*.tmp'] }),
    jobs: [job],
  };
  await append(runStream(run.uuid), { type: 'run-requested', data: run });
  await queue.publish({ job: job.uuid, run: run.uuid }, { dedupId: job.uuid });
  const ended = new AbortController();
  const after = 0n;
  for await (const page of parts.store.subscribe({ after, signal: ended.signal })) {
    if (page.events.some(({ stream, type }) => stream === jobStream(job.uuid) && /job-(succ|fail|canc)/.test(type))) {
      ended.abort();
    }
  }
  const { state } = await loadState(parts, jobEvolver, jobStream(job.uuid));
  const events: DomainEvent[] = [];
  for await (const event of parts.store.readStream(jobStream(job.uuid))) events.push(event);
  return { ...state, job: job.uuid, events };
};

const repositoryUrl = (): string => `ssh://${host.user}@${host.host}:${host.port}${join(folder, 'repository')}`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-executor-'));
  source = join(folder, "so'urce $(x)");
  await mkdir(source);
  await writeFile(join(source, 'kept.txt'), 'kept');
  await writeFile(join(source, 'left.tmp'), 'left');
  await mkdir(join(folder, 'borg'));
  test$ = await startTestParts();
  parts = test$.parts;
  const key = await generateKeyPair({ type: 'ed25519', comment: 'test' });
  host = await startTestSshd({
    authorizedKeys: [key.publicKey],
    config: [`SetEnv BORG_BASE_DIR=${join(folder, 'borg')}`],
  });
  await append(
    'settings',
    {
      type: 'ssh-key-generated',
      data: { key_type: 'ed25519', public_key: key.publicKey, private_key: key.privateKey },
    },
    { type: 'setting-changed', data: { key: 'cyborgbackup_backup_user', value: host.user } },
  );
  await registerRepository(repository, repositoryUrl(), PASSPHRASE);
  const written = { uuid: client, id: 1, version: 1, position: '1' };
  answer(clientCommands.prepared.subject, () => written);
  answer(repositoryCommands.prepared.subject, () => written);
  answer(catalogCommands.addBatch.subject, ({ entries }: { entries: CatalogEntry[] }) => {
    catalogued.push(...entries);
    return { position: '1' };
  });
  answer(catalogCommands.complete.subject, () => ({ position: '1' }));
  answer(catalogCommands.forget.subject, () => ({ position: null }));
  await parts.connection.nats.flush();
  queue = await createJobQueue({ connection: parts.connection, logger: parts.logger });
  executor = await startExecutor(await test$.connect('executor'), CONFIG);
});

afterAll(async () => {
  await executor.stop();
  for (const stop of stopAnswering) stop();
  await host.stop();
  await test$[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe('a chain on a fresh repository', () => {
  test('prepares the repository: makes it, and finds it again', async () => {
    const sketch = { job_type: 'check', client: null, archive_name: null } as const;
    expect(await runJob(sketch)).toMatchObject({ status: 'successful', attempt: 1 });
    expect(await runJob(sketch)).toMatchObject({ status: 'successful' });
  });

  test('prepares the client', async () => {
    expect(await runJob({ job_type: 'check', archive_name: null })).toMatchObject({ status: 'successful' });
  });

  test('backs up, with the facts that borg reports', async () => {
    const { status, events } = await runJob({});
    expect(status).toBe('successful');
    expect(events.at(-1)?.data).toMatchObject({
      warnings: [],
      archive: { name: 'folders-web-2026-01-01_00-00', files: 1, original_size: expect.any(Number) },
      repository_sizes: { deduplicated_size: expect.any(Number) },
    });
  });

  test('catalogs the archive', async () => {
    catalogued = [];
    const master_job = randomUUID();
    expect(await runJob({ job_type: 'catalog', master_job })).toMatchObject({ status: 'successful' });
    expect(catalogued.length).toBeLessThan(BATCH_MAX_ENTRIES);
    expect(catalogued.map(({ path }) => path)).toEqual([source.slice(1), join(source, 'kept.txt').slice(1)]);
  });

  test('refuses a second archive of the same name, in a sentence', async () => {
    expect(await runJob({})).toMatchObject({ status: 'failed', reason: expect.stringMatching(/already exists/) });
  });

  test('restores an item to a folder', async () => {
    const dest_folder = join(folder, 'restored');
    const restore = restoreRequest.parse({ item: join(source, 'kept.txt').slice(1), dest_folder, dry_run: false });
    expect(await runJob({ job_type: 'restore', restore })).toMatchObject({ status: 'successful' });
  });

  test('prunes and compacts', async () => {
    await runJob({ archive_name: 'folders-web-2026-01-01_00-01' });
    await runJob({ archive_name: 'folders-web-01-2026-01-01_00-01' });
    const { events } = await runJob({ job_type: 'prune', archive_name: null, client: clientAt('web', host.port) });
    expect(events.at(-1)?.data).toMatchObject({ pruned: ['folders-web-2026-01-01_00-00'] });
  });
});

describe('what is wrong ends the job as failed, with a sentence', () => {
  const cases: [string, () => Promise<JobSketch>, RegExp][] = [
    [
      'a folder that does not exist',
      () => Promise.resolve({ folders: ['/no/such/folder'] }),
      /\/no\/such\/folder does not exist on 127\.0\.0\.1/,
    ],
    [
      'an unknown host',
      () => Promise.resolve({ client: clientAt('no-such-host.invalid', 22) }),
      /no-such-host\.invalid/,
    ],
    ['a closed port', () => Promise.resolve({ client: clientAt('127.0.0.1', 1) }), /127\.0\.0\.1:1.*refused/],
    [
      'a wrong passphrase',
      async () => {
        const repositoryUuid = randomUUID();
        await registerRepository(repositoryUuid, repositoryUrl(), 'not the passphrase');
        return { repositoryUuid };
      },
      /passphrase is wrong/,
    ],
    [
      'a repository path that is no repository',
      () => Promise.resolve({ path: `ssh://${host.user}@${host.host}:${host.port}${source}` }),
      /not a (valid|borg) repository/i,
    ],
    [
      'a repository that is not there',
      () => Promise.resolve({ path: `ssh://${host.user}@${host.host}:${host.port}/no/such/repository` }),
      /does not exist/,
    ],
  ];
  test.each(cases)('%s', async (_name, sketch, reason) => {
    const ended = await runJob({ archive_name: `folders-web-${randomUUID()}`, ...(await sketch()) });
    expect(ended).toMatchObject({ status: 'failed', reason: expect.stringMatching(reason) });
  });

  test('a host that shows another key than before', async () => {
    await using other = await startTestSshd({ authorizedKeys: [] });
    const place = clientAt(other.host, other.port);
    const refused = await runJob({ client: place });
    expect(refused).toMatchObject({ status: 'failed', reason: expect.stringMatching(/key/) });
    await other.rotateHostKey();
    const changed = await runJob({ client: place });
    expect(changed.reason).toMatch(/host key of 127\.0\.0\.1:\d+ changed/i);
  });
});

test('no secret is in what a job said', async () => {
  const { job } = await runJob({ archive_name: `folders-web-${randomUUID()}` });
  const output: unknown[] = [];
  for await (const { data } of parts.store.readStream(outputStream(job))) output.push(data);
  expect(output.length).toBeGreaterThan(0);
  expect(JSON.stringify(output)).not.toContain(PASSPHRASE);
});
