import { generateKeyPair } from '@cyborgbackup/borg';
import {
  clientCommands,
  jobEvolver,
  jobStream,
  outputStream,
  POLICY_DEFAULTS,
  repositoryCommands,
  runStream,
  type JobState,
  type OutputLine,
  type PlannedJob,
  type RunRequested,
  REPOSITORY_DEFAULTS,
} from '@cyborgbackup/contracts';
import { eventId, loadState } from '@cyborgbackup/event-store';
import { systemContext, type DomainEvent } from '@cyborgbackup/kernel';
import { createJobQueue, createSignals } from '@cyborgbackup/messaging';
import type { RunningService, ServiceDeps } from '@cyborgbackup/service';
import { startTestDeps, startTestSshd, type TestDeps, type TestSshd } from '@cyborgbackup/testkit';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startExecutor } from '../start.ts';

const run = promisify(execFile);

type Policy = NonNullable<RunRequested['policy']>;

/** What is special about a job and its policy; the rest is a push backup of folders. */
export interface JobSketch extends Partial<Omit<PlannedJob, 'restore'>> {
  readonly policy?: Partial<Policy>;
  readonly variables?: object;
  readonly repository?: RunRequested['repository'];
  readonly run?: string;
}

export interface EndedJob extends JobState {
  readonly job: string;
  readonly run: string;
  readonly types: readonly string[];
  /** Data of the last event. */
  readonly end: Readonly<Record<string, unknown>>;
  readonly events: readonly DomainEvent[];
}

/** An executor, a client and a repository host behind real sshds, and a repository that borg has initialised. */
export interface JobSite extends AsyncDisposable {
  readonly test: TestDeps;
  readonly deps: ServiceDeps;
  readonly client: TestSshd;
  readonly repositoryHost: TestSshd;
  /** Everything of the test is below. */
  readonly folder: string;
  readonly clientUuid: string;
  readonly policyUuid: string;
  readonly repository: NonNullable<RunRequested['repository']>;
  readonly passphrase: string;
  /** That opens the client and the repository host. */
  readonly publicKey: string;
  executor: RunningService;
  clientAt(hostname: string, port: number): NonNullable<PlannedJob['client']>;
  /** Runs borg on the repository, without the product. */
  borg(...argv: readonly string[]): Promise<string>;
  archives(): Promise<readonly string[]>;
  append(stream: string, ...events: DomainEvent[]): Promise<void>;
  registerRepository(uuid: string, path: string, key: string): Promise<void>;
  /** Answers an RPC in place of a service, until the end. */
  answer(subject: string, handle: (data: never) => unknown): void;
  /** Requests a run of one job, and nothing more. */
  plan(sketch: JobSketch): Promise<{ readonly job: string; readonly run: string }>;
  start(sketch: JobSketch): Promise<{ readonly job: string; readonly run: string }>;
  queue(job: { readonly job: string; readonly run: string }): Promise<void>;
  ended(job: { readonly job: string; readonly run: string }): Promise<EndedJob>;
  runJob(sketch: JobSketch): Promise<EndedJob>;
  /** Resolves with the job's first event of the type. */
  event(job: string, type: string): Promise<DomainEvent>;
  cancel(job: string): Promise<void>;
  lines(job: string): Promise<readonly OutputLine[]>;
  output(job: string): Promise<string>;
}

export const CONFIG = {
  CYBORGBACKUP_EXECUTOR_SLOTS: 2,
  CYBORGBACKUP_EXECUTOR_GRACE: 1,
  CYBORGBACKUP_SSH_CONNECT_TIMEOUT: 10,
};

const END = /^job-(succeeded|failed|canceled)$/;

export interface SiteOptions {
  /** Folders before the hosts' own PATH, for stand-ins. */
  readonly clientPath?: string;
  readonly repositoryPath?: string;
}

const makeFolders = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-jobs-'));
  for (const name of ['borg-client', 'borg-repository', 'source']) await mkdir(join(folder, name));
  return folder;
};

const withPath = (folders: string | undefined): Readonly<Record<string, string>> =>
  folders === undefined ? {} : { PATH: `${folders}:${process.env['PATH'] ?? ''}` };

export const startJobSite = async ({ clientPath, repositoryPath }: SiteOptions = {}): Promise<JobSite> => {
  const folder = await makeFolders();
  const passphrase = `pass $(phrase) 'quoted' "twice" ${randomUUID()}`;
  const test = await startTestDeps();
  const { deps } = test;
  const key = await generateKeyPair({ type: 'ed25519', comment: 'test' });
  const authorizedKeys = [key.publicKey];
  const client = await startTestSshd({
    authorizedKeys,
    environment: { BORG_BASE_DIR: join(folder, 'borg-client'), ...withPath(clientPath) },
  });
  const repositoryHost = await startTestSshd({
    authorizedKeys,
    environment: { BORG_BASE_DIR: join(folder, 'borg-repository'), ...withPath(repositoryPath) },
  });
  const clientUuid = randomUUID();
  const policyUuid = randomUUID();
  const url = `ssh://${repositoryHost.user}@${repositoryHost.host}:${repositoryHost.port}${folder}/repository`;
  const repository = { id: 1, uuid: randomUUID(), name: 'Main', path: url };
  const stops: (() => void)[] = [];

  const append: JobSite['append'] = async (stream, ...events) => {
    const context = systemContext('test');
    const encoded = await Promise.all(
      events.map((event, index) => deps.codec.encode(event, { id: eventId(randomUUID(), stream, index), context })),
    );
    await deps.store.append(stream, encoded, 'any');
  };
  const borg: JobSite['borg'] = async (...argv) => {
    const { stdout } = await run('borg', argv, {
      cwd: folder,
      env: {
        ...process.env,
        TZ: 'UTC',
        BORG_BASE_DIR: join(folder, 'borg-repository'),
        BORG_PASSPHRASE: passphrase,
        BORG_REPO: join(folder, 'repository'),
        BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
      },
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout;
  };
  const answer: JobSite['answer'] = (subject, handle) => {
    const subscription = deps.connection.nats.subscribe(subject, {
      callback: (_error, message) => {
        const { id, data } = message.json<{ id: string; data: never }>();
        message.respond(JSON.stringify({ id, isDisposed: true, response: handle(data) }));
      },
    });
    stops.push(() => subscription.unsubscribe());
  };
  const registerRepository: JobSite['registerRepository'] = (uuid, path, repository_key) =>
    append(`repository-${uuid}`, {
      type: 'repository-registered',
      data: {
        ...REPOSITORY_DEFAULTS,
        id: 1,
        uuid,
        name: 'Main',
        path,
        repository_key,
        ready: true,
        enabled: true,
        check_schedule: null,
        integrity_schedule: null,
      },
    });

  await append(
    'settings',
    {
      type: 'ssh-key-generated',
      data: { key_type: 'ed25519', public_key: key.publicKey, private_key: key.privateKey },
    },
    { type: 'setting-changed', data: { key: 'cyborgbackup_backup_user', value: client.user } },
  );
  await registerRepository(repository.uuid, url, passphrase);
  await borg('init', '--encryption=repokey-blake2');
  const written = { uuid: clientUuid, id: 1, version: 1, position: '1' };
  for (const { subject } of [
    clientCommands.recordPreparation,
    clientCommands.recordHypervisorPreparation,
    repositoryCommands.recordPreparation,
    repositoryCommands.escrowKey,
  ]) {
    answer(subject, () => written);
  }
  await deps.connection.nats.flush();
  const queue = await createJobQueue({ connection: deps.connection, logger: deps.logger });

  const clientAt: JobSite['clientAt'] = (hostname, port) => ({
    id: 1,
    uuid: clientUuid,
    hostname,
    port,
    bandwidth_limit: null,
  });

  const plan: JobSite['plan'] = async (sketch) => {
    const {
      policy,
      variables = { folders: [join(folder, 'source')] },
      repository: where = repository,
      ...planned
    } = sketch;
    const { run: uuid = randomUUID(), ...of } = planned;
    const job: PlannedJob = {
      id: 1,
      uuid: randomUUID(),
      name: 'Job',
      job_type: 'job',
      launch_type: 'manual',
      client: clientAt(client.host, client.port),
      needs: [],
      archive_name: `folders-web-${randomUUID()}`,
      master_job: null,
      ...of,
    };
    const request: RunRequested = {
      uuid,
      policy: {
        id: 1,
        uuid: policyUuid,
        name: 'Policy',
        policy_type: 'folders',
        keep_hourly: null,
        keep_daily: null,
        keep_weekly: null,
        keep_monthly: null,
        keep_yearly: null,
        vmprovider: '',
        mode_pull: false,
        prehook: '',
        posthook: '',
        ...POLICY_DEFAULTS,
        ...policy,
      },
      repository: where,
      schedule: null,
      due_at: null,
      extra_vars: JSON.stringify(variables),
      jobs: [job],
    };
    await append(runStream(uuid), { type: 'run-requested', data: request });
    return { job: job.uuid, run: uuid };
  };
  const start: JobSite['start'] = async (sketch) => {
    const planned = await plan(sketch);
    await queue.publish(planned, { dedupId: planned.job });
    return planned;
  };

  const event: JobSite['event'] = async (job, type) => {
    const found = new AbortController();
    let result: DomainEvent | undefined;
    for await (const page of deps.store.subscribe({ after: 0n, signal: found.signal })) {
      result ??= page.events.find((one) => one.stream === jobStream(job) && new RegExp(`^${type}$`).test(one.type));
      if (result) found.abort();
    }
    if (!result) throw new Error(`${type} did not come`);
    return result;
  };

  const ended: JobSite['ended'] = async ({ job, run: uuid }) => {
    await event(job, END.source.slice(1, -1));
    const { state } = await loadState(deps, jobEvolver, jobStream(job));
    const events: DomainEvent[] = [];
    for await (const one of deps.store.readStream(jobStream(job))) events.push(one);
    const end = events.at(-1)?.data as Record<string, unknown>;
    return { ...state, job, run: uuid, types: events.map(({ type }) => type), end, events };
  };

  const lines: JobSite['lines'] = async (job) => {
    const all: OutputLine[] = [];
    for await (const { data } of deps.store.readStream(outputStream(job))) {
      all.push(...(data as { lines: OutputLine[] }).lines);
    }
    return all;
  };

  const site: JobSite = {
    test,
    deps,
    client,
    repositoryHost,
    folder,
    clientUuid,
    policyUuid,
    repository,
    passphrase,
    publicKey: key.publicKey,
    executor: await startExecutor(await test.connect('executor'), CONFIG),
    clientAt,
    borg,
    archives: async () => (await borg('list', '--short', '--consider-checkpoints')).split('\n').filter(Boolean),
    append,
    registerRepository,
    answer,
    plan,
    start,
    queue: async ({ job, run: uuid }) => {
      await queue.publish({ job, run: uuid }, { dedupId: randomUUID() });
    },
    ended,
    runJob: async (sketch) => ended(await start(sketch)),
    event,
    cancel: async (job) => {
      await append(jobStream(job), { type: 'job-cancel-requested', data: { job } });
      createSignals(deps.connection).publish('jobs.cancel', { job });
    },
    lines,
    output: async (job) => (await lines(job)).map(({ stdout }) => stdout).join('\n'),
    [Symbol.asyncDispose]: async () => {
      await site.executor.stop();
      for (const stop of stops) stop();
      await Promise.all([client.stop(), repositoryHost.stop()]);
      await test[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return site;
};
