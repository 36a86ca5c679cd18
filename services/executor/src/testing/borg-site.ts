import { generateKeyPair } from '@cyborgbackup/borg';
import { runStream, type PlannedJob, type RunRequested } from '@cyborgbackup/contracts';
import { createJobQueue } from '@cyborgbackup/messaging';
import type { ServiceDeps } from '@cyborgbackup/service';
import { startTestDeps, startTestSshd, type TestDeps, type TestSshd } from '@cyborgbackup/testkit';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
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
import { createSiteLog, type EndedJob, type SiteLog } from './site-log.ts';

export type { EndedJob } from './site-log.ts';

const run = promisify(execFile);

export interface JobSketch extends Partial<PlannedJob> {
  readonly policyType?: string;
  readonly extraVars?: object;
  readonly pull?: boolean;
}

/** An executor with a repository and a client, both behind one real sshd, and archives made with borg directly. */
export interface BorgSite extends AsyncDisposable, Omit<SiteLog, 'event' | 'lines' | 'close'> {
  readonly deps: ServiceDeps;
  readonly test: TestDeps;
  readonly host: TestSshd;
  /** Everything of the test is below; programs in `bin` come first on the hosts. */
  readonly folder: string;
  readonly repository: RunRequested['repository'] & object;
  /** Runs borg on the repository, without the product. */
  borg(args: readonly string[], options?: { readonly cwd?: string; readonly input?: string }): Promise<string>;
  /** Does the work while the repository has borg's exclusive lock, as if somebody wrote to it; fails when it is locked. */
  holdLock(work: () => Promise<void>): Promise<void>;
  /** Requests a run of one job and queues it. */
  start(sketch: JobSketch): Promise<PlannedJob>;
  runJob(sketch: JobSketch): Promise<EndedJob>;
}

const PASSPHRASE = `pass $(phrase) 'quoted' "twice"`;

export const startBorgSite = async (): Promise<BorgSite> => {
  const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-site-'));
  await mkdir(join(folder, 'borg'));
  await mkdir(join(folder, 'bin'));
  await mkdir(join(folder, 'executor'));
  // Where a borg that the executor runs keeps its cache.
  process.env['HOME'] = join(folder, 'executor');
  const test = await startTestDeps();
  const { deps } = test;
  const key = await generateKeyPair({ type: 'ed25519', comment: 'test' });
  const ownKey = await generateKeyPair({ type: 'ed25519', comment: 'own' });
  const host = await startTestSshd({
    authorizedKeys: [key.publicKey, servingLine(ownKey.publicKey)],
    environment: {
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      BORG_BASE_DIR: join(folder, 'borg'),
      SITE: folder,
      HOME: folder,
    },
  });
  const url = `ssh://${host.user}@${host.host}:${host.port}${join(folder, 'repository')}`;
  const repository = { id: 1, uuid: randomUUID(), name: 'Main', path: url };
  const log = createSiteLog(deps);
  answerSecretReads(deps, log.answer);
  const { append, ended } = log;

  const env = {
    ...process.env,
    TZ: 'UTC',
    BORG_BASE_DIR: join(folder, 'borg'),
    BORG_REPO: join(folder, 'repository'),
    BORG_PASSPHRASE: PASSPHRASE,
    BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
  };
  const borg: BorgSite['borg'] = async (args, { cwd, input } = {}) => {
    const running = run('borg', args, { cwd: cwd ?? folder, env, maxBuffer: 64 * 1024 * 1024 });
    if (input !== undefined) running.child.stdin?.end(input);
    return (await running).stdout;
  };

  await append('settings', ...loginEvents(key, host.user));
  const { id, uuid } = repository;
  await borg(['init', '-e', 'repokey-blake2']);
  await append(
    `repository-${uuid}`,
    repositoryRegistered({ id, uuid, path: url, repository_key: PASSPHRASE }),
    ownKeyGenerated(uuid, ownKey),
    repositoryPrepared(uuid, await borgIdOf(join(folder, 'repository'))),
  );
  const queue = await createJobQueue({ connection: deps.connection, logger: deps.logger });
  const executor = await startExecutor(await test.connect('executor'), CONFIG);

  const start: BorgSite['start'] = async ({ policyType = 'folders', extraVars = {}, pull = false, ...planned }) => {
    const job = jobOf({
      job_type: 'restore',
      client: { id: 1, uuid: randomUUID(), hostname: host.host, port: host.port, bandwidth_limit: null },
      master_job: randomUUID(),
      ...planned,
    });
    const policy = policyOf({ policy_type: policyType, mode_pull: pull });
    const data = runOf(job, { policy, repository, extra_vars: JSON.stringify(extraVars) });
    await append(runStream(data.uuid), { type: 'run-requested', data });
    await queue.publish({ job: job.uuid, run: data.uuid, grant: 1 }, { dedupId: job.uuid });
    return job;
  };

  return {
    deps,
    test,
    host,
    folder,
    repository,
    borg,
    holdLock: async (work) => {
      const running = run('borg', ['with-lock', '::', 'sh', '-c', 'echo held; exec cat'], { env });
      const { stdin, stdout } = running.child;
      const held = stdout && once(stdout, 'data');
      await Promise.race([held, running]);
      await work();
      stdin?.end();
      await running;
    },
    append,
    appendAt: log.appendAt,
    start,
    ended,
    answer: log.answer,
    output: log.output,
    runJob: async (sketch) => ended((await start(sketch)).uuid),
    [Symbol.asyncDispose]: async () => {
      await executor.stop();
      log.close();
      await host.stop();
      await test[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
