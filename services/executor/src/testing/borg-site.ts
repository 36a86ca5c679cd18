import { generateKeyPair } from '@cyborgbackup/borg';
import {
  jobEvolver,
  jobStream,
  outputStream,
  POLICY_DEFAULTS,
  runStream,
  type JobState,
  type PlannedJob,
  type RunRequested,
  REPOSITORY_DEFAULTS,
} from '@cyborgbackup/contracts';
import { eventId, loadState } from '@cyborgbackup/event-store';
import { systemContext, type DomainEvent } from '@cyborgbackup/kernel';
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

const run = promisify(execFile);

export interface JobSketch extends Partial<PlannedJob> {
  readonly policyType?: string;
  readonly extraVars?: object;
  readonly pull?: boolean;
}

export interface EndedJob extends JobState {
  readonly job: string;
  /** Data of the last event. */
  readonly end: Record<string, unknown>;
}

/** An executor with a repository and a client, both behind one real sshd, and archives made with borg directly. */
export interface BorgSite extends AsyncDisposable {
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
  append(stream: string, ...events: DomainEvent[]): Promise<void>;
  /** Answers an RPC in place of a service. */
  answer(subject: string, handle: (data: never) => unknown): void;
  /** Requests a run of one job and queues it. */
  start(sketch: JobSketch): Promise<PlannedJob>;
  ended(job: string): Promise<EndedJob>;
  runJob(sketch: JobSketch): Promise<EndedJob>;
  output(job: string): Promise<string>;
}

const PASSPHRASE = `pass $(phrase) 'quoted' "twice"`;

export const CONFIG = {
  CYBORGBACKUP_EXECUTOR_SLOTS: 2,
  CYBORGBACKUP_EXECUTOR_GRACE: 1,
  CYBORGBACKUP_SSH_CONNECT_TIMEOUT: 10,
};

const policyOf = (policyType: string, pull: boolean): RunRequested['policy'] => ({
  id: 1,
  uuid: randomUUID(),
  name: 'Policy',
  policy_type: policyType,
  keep_hourly: null,
  keep_daily: null,
  keep_weekly: null,
  keep_monthly: null,
  keep_yearly: null,
  vmprovider: '',
  mode_pull: pull,
  prehook: '',
  posthook: '',
  ...POLICY_DEFAULTS,
});

export const startBorgSite = async (): Promise<BorgSite> => {
  const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-site-'));
  await mkdir(join(folder, 'borg'));
  await mkdir(join(folder, 'bin'));
  const test = await startTestDeps();
  const { deps } = test;
  const key = await generateKeyPair({ type: 'ed25519', comment: 'test' });
  const host = await startTestSshd({
    authorizedKeys: [key.publicKey],
    environment: {
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      BORG_BASE_DIR: join(folder, 'borg'),
      SITE: folder,
      HOME: folder,
    },
  });
  const url = `ssh://${host.user}@${host.host}:${host.port}${join(folder, 'repository')}`;
  const repository = { id: 1, uuid: randomUUID(), name: 'Main', path: url };
  const stops: (() => void)[] = [];

  const append: BorgSite['append'] = async (stream, ...events) => {
    const context = systemContext('test');
    const encoded = await Promise.all(
      events.map((event, index) => deps.codec.encode(event, { id: eventId(randomUUID(), stream, index), context })),
    );
    await deps.store.append(stream, encoded, 'any');
  };

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

  await append(
    'settings',
    {
      type: 'ssh-key-generated',
      data: { key_type: 'ed25519', public_key: key.publicKey, private_key: key.privateKey },
    },
    { type: 'setting-changed', data: { key: 'cyborgbackup_backup_user', value: host.user } },
  );
  await append(`repository-${repository.uuid}`, {
    type: 'repository-registered',
    data: { ...REPOSITORY_DEFAULTS, ...repository, repository_key: PASSPHRASE, ready: true, enabled: true },
  });
  await borg(['init', '-e', 'repokey-blake2']);
  const queue = await createJobQueue({ connection: deps.connection, logger: deps.logger });
  const executor = await startExecutor(await test.connect('executor'), CONFIG);

  const start: BorgSite['start'] = async ({ policyType = 'folders', extraVars = {}, pull = false, ...planned }) => {
    const job: PlannedJob = {
      id: 1,
      uuid: randomUUID(),
      name: 'Job',
      job_type: 'restore',
      launch_type: 'manual',
      client: { id: 1, uuid: randomUUID(), hostname: host.host, port: host.port, bandwidth_limit: null },
      needs: [],
      archive_name: 'archive',
      master_job: randomUUID(),
      ...planned,
    };
    const request: RunRequested = {
      uuid: randomUUID(),
      policy: policyOf(policyType, pull),
      repository,
      schedule: null,
      due_at: null,
      extra_vars: JSON.stringify(extraVars),
      jobs: [job],
    };
    await append(runStream(request.uuid), { type: 'run-requested', data: request });
    await queue.publish({ job: job.uuid, run: request.uuid }, { dedupId: job.uuid });
    return job;
  };

  const ended: BorgSite['ended'] = async (job) => {
    const isOver = new AbortController();
    for await (const page of deps.store.subscribe({ after: 0n, signal: isOver.signal })) {
      if (page.events.some(({ stream, type }) => stream === jobStream(job) && /^job-(succ|fail|canceled)/.test(type))) {
        isOver.abort();
      }
    }
    const { state } = await loadState(deps, jobEvolver, jobStream(job));
    let end: Record<string, unknown> = {};
    for await (const { data } of deps.store.readStream(jobStream(job))) end = data as Record<string, unknown>;
    return { ...state, job, end };
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
    start,
    ended,
    answer: (subject, handle) => {
      const subscription = deps.connection.nats.subscribe(subject, {
        callback: (_error, message) => {
          const { id, data } = message.json<{ id: string; data: never }>();
          message.respond(JSON.stringify({ id, isDisposed: true, response: handle(data) }));
        },
      });
      stops.push(() => subscription.unsubscribe());
    },
    runJob: async (sketch) => ended((await start(sketch)).uuid),
    output: async (job) => {
      const lines: string[] = [];
      for await (const { data } of deps.store.readStream(outputStream(job))) {
        lines.push(...(data as { lines: { stdout: string }[] }).lines.map(({ stdout }) => stdout));
      }
      return lines.join('\n');
    },
    [Symbol.asyncDispose]: async () => {
      await executor.stop();
      for (const stop of stops) stop();
      await host.stop();
      await test[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
