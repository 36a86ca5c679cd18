import { generateKeyPair } from '@cyborgbackup/borg';
import { clientCommands, jobStream, repositoryCommands, runStream } from '@cyborgbackup/contracts';
import type { PlannedJob, RunRequested } from '@cyborgbackup/contracts';
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
import { answerSecretReads } from './given-secrets.ts';
import {
  borgIdOf,
  CONFIG,
  jobOf,
  loginEvents,
  ownKeyGenerated,
  policyOf,
  repositoryPrepared,
  repositoryRegistered,
  runOf,
  servingLine,
} from './job-fixtures.ts';
import { createSiteLog, type EndedJob as EndedJobOfLog, type SiteLog } from './site-log.ts';

const run = promisify(execFile);

/** What is special about a job and its policy; the rest is a push backup of folders. */
export interface JobSketch extends Partial<PlannedJob> {
  readonly policy?: Partial<RunRequested['policy'] & object>;
  readonly variables?: object;
  readonly prehook?: string;
  readonly posthook?: string;
  readonly repository?: RunRequested['repository'];
  readonly run?: string;
}

export interface EndedJob extends EndedJobOfLog {
  readonly run: string;
}

/** An executor, a client and a repository host behind real sshds, and a repository that borg has initialised. */
export interface JobSite extends AsyncDisposable, Omit<SiteLog, 'ended' | 'close'> {
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
  /** From now on nobody gives jobs their secrets. */
  silenceInventory(): void;
  clientAt(hostname: string, port: number): NonNullable<PlannedJob['client']>;
  /** Runs borg on the repository, without the product. */
  borg(...argv: readonly string[]): Promise<string>;
  archives(): Promise<readonly string[]>;
  registerRepository(uuid: string, path: string, key: string): Promise<void>;
  /** Requests a run of one job, and nothing more. */
  plan(sketch: JobSketch): Promise<{ readonly job: string; readonly run: string }>;
  start(sketch: JobSketch): Promise<{ readonly job: string; readonly run: string }>;
  /** Hands the job out, as the scheduler does. */
  queue(job: { readonly job: string; readonly run: string }, grant?: number): Promise<void>;
  ended(job: { readonly job: string; readonly run: string }): Promise<EndedJob>;
  runJob(sketch: JobSketch): Promise<EndedJob>;
  cancel(job: string): Promise<void>;
}

export interface SiteOptions {
  /** Folders before the hosts' own PATH, for stand-ins. */
  readonly clientPath?: string;
  readonly repositoryPath?: string;
}

const makeFolders = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-jobs-'));
  for (const name of ['borg-client', 'borg-repository', 'executor', 'source']) await mkdir(join(folder, name));
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
  const ownKey = await generateKeyPair({ type: 'ed25519', comment: 'own' });
  const authorizedKeys = [key.publicKey];
  // Where a borg that the executor runs keeps its cache.
  process.env['HOME'] = join(folder, 'executor');
  const client = await startTestSshd({
    authorizedKeys,
    environment: { BORG_BASE_DIR: join(folder, 'borg-client'), ...withPath(clientPath) },
  });
  const repositoryHost = await startTestSshd({
    authorizedKeys: [...authorizedKeys, servingLine(ownKey.publicKey)],
    environment: { BORG_BASE_DIR: join(folder, 'borg-repository'), ...withPath(repositoryPath) },
  });
  const clientUuid = randomUUID();
  const policyUuid = randomUUID();
  const url = `ssh://${repositoryHost.user}@${repositoryHost.host}:${repositoryHost.port}${folder}/repository`;
  const repository = { id: 1, uuid: randomUUID(), name: 'Main', path: url };
  const log = createSiteLog(deps);
  const silenceInventory = answerSecretReads(deps, log.answer);
  const { append, appendAt, answer, event } = log;

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
  const registerRepository: JobSite['registerRepository'] = (uuid, path, repository_key) =>
    append(
      `repository-${uuid}`,
      repositoryRegistered({ id: 1, uuid, path, repository_key }),
      ownKeyGenerated(uuid, ownKey),
    );

  await append('settings', ...loginEvents(key, client.user));
  await registerRepository(repository.uuid, url, passphrase);
  await borg('init', '--encryption=repokey-blake2');
  const borgId = await borgIdOf(join(folder, 'repository'));
  await append(`repository-${repository.uuid}`, repositoryPrepared(repository.uuid, borgId));
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
      prehook = '',
      posthook = '',
      repository: where = repository,
      ...planned
    } = sketch;
    const { run: uuid = randomUUID(), ...of } = planned;
    const archive_name = `folders-web-${randomUUID()}`;
    const job = jobOf({ client: clientAt(client.host, client.port), archive_name, ...of });
    const data = runOf(job, {
      uuid,
      policy: policyOf({ uuid: policyUuid, ...policy }),
      repository: where,
      extra_vars: JSON.stringify(variables),
      prehook,
      posthook,
    });
    await append(runStream(uuid), { type: 'run-requested', data });
    return { job: job.uuid, run: uuid };
  };
  const start: JobSite['start'] = async (sketch) => {
    const planned = await plan(sketch);
    await queue.publish({ ...planned, grant: 1 }, { dedupId: planned.job });
    return planned;
  };

  const ended: JobSite['ended'] = async ({ job, run: uuid }) => ({ ...(await log.ended(job)), run: uuid });

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
    appendAt,
    registerRepository,
    answer,
    silenceInventory,
    lines: log.lines,
    output: log.output,
    plan,
    start,
    queue: async ({ job, run: uuid }, grant = 1) => {
      await queue.publish({ job, run: uuid, grant }, { dedupId: randomUUID() });
    },
    ended,
    runJob: async (sketch) => ended(await start(sketch)),
    event,
    cancel: async (job) => {
      await append(jobStream(job), { type: 'job-cancel-requested', data: { job } });
      createSignals(deps.connection).publish('jobs.cancel', { job });
    },
    [Symbol.asyncDispose]: async () => {
      await site.executor.stop();
      log.close();
      await Promise.all([client.stop(), repositoryHost.stop()]);
      await test[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return site;
};
