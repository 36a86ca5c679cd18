import {
  jobEvolver,
  jobStream,
  POLICY_DEFAULTS,
  policyCommands,
  GRANT_STREAM,
  REPOSITORY_DEFAULTS,
  repositoryCommands,
  runStream,
  SCHEDULE_DEFAULTS,
  type JobEvent,
  type PlannedJob,
  type GrantEvent,
  type RunExtended,
  type RunRequested,
  type OccurrenceEvent,
  type VirtualMachine,
} from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { createLogger, type Clock, type DomainEvent } from '@cyborgbackup/kernel';
import { createJobQueue, type JobHandler } from '@cyborgbackup/messaging';
import { compareProjection } from '@cyborgbackup/projections';
import type { JobRow } from '@cyborgbackup/read-models';
import { commandDeps, createServiceDeps, type RunningService, type ServiceDeps } from '@cyborgbackup/service';
import { createTestDatabase, startTestNats } from '@cyborgbackup/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, vi } from 'vitest';
import { schedulerProjection } from '../tables/scheduler-projection.ts';
import type { ResolvedPolicy } from '../runs/planning/draft-jobs.ts';
import { failed, succeeded } from './job-events.ts';
import { startScheduler } from '../start.ts';

/** Everything around a scheduler: real servers, and a test that plays inventory and executors. */
export interface Stage extends AsyncDisposable {
  readonly deps: ServiceDeps;
  /** By id: what inventory answers. */
  readonly policies: Map<number, ResolvedPolicy>;
  readonly repositories: Map<number, ResolvedPolicy['repository']>;
  readonly executor: FakeExecutor;
  /** Parts as of another process; they end with the stage. */
  newDeps(name: string): Promise<ServiceDeps>;
  /** Ends all work of these deps at once, as a power cut would: nothing is given back. */
  kill(deps: ServiceDeps, name: string): Promise<void>;
  startScheduler(options?: { deps?: ServiceDeps; maxRunning?: number; clock?: Clock }): Promise<RunningService>;
  append(stream: string, ...events: readonly DomainEvent[]): Promise<void>;
  eventsOf(stream: string): Promise<readonly DomainEvent[]>;
  /** Occurrences of a policy or a repository that have no run, from the whole log. */
  skipped(subject: string): Promise<readonly OccurrenceEvent['data'][]>;
  /** Has inventory's events tell of these policies, each with a schedule of every hour. */
  registerHourly(policies: readonly ResolvedPolicy[]): Promise<void>;
  jobs(run: string): Promise<readonly JobRow[]>;
  /** Waits until the jobs of a run have these statuses, in the order of their ids. */
  waitForStatuses(run: string, statuses: readonly string[]): Promise<void>;
}

export interface FakeExecutor {
  /** What it does with a job, by the job's name: a promise to wait for, the reason of a failure, or machines to find. */
  readonly orders: Map<string, Promise<void> | string | readonly VirtualMachine[]>;
  /** Names of jobs, as they were started. */
  readonly started: string[];
}

const logger = createLogger('test', 'silent');
export const within = { timeout: 20_000, interval: 10 };

export const createStage = async (): Promise<Stage> => {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  const nats = stack.use(await startTestNats());
  const key = randomBytes(32).toString('base64');

  const newDeps: Stage['newDeps'] = async (name) => {
    const config = {
      DATABASE_URL: database.url,
      CYBORGBACKUP_DATABASE_ADMIN_URL: database.adminUrl,
      NATS_URL: nats.url,
      CYBORGBACKUP_MASTER_KEY: key,
      CYBORGBACKUP_DATA_DIR: '',
      CYBORGBACKUP_LOG_LEVEL: 'silent',
    } as const;
    const deps = await createServiceDeps(name, config, logger);
    stack.defer(deps.close);
    return deps;
  };

  const admin = new pg.Pool({ connectionString: database.adminUrl, max: 1 });
  admin.on('error', () => undefined);
  stack.defer(() => admin.end());
  const deps = await newDeps('stage');
  const policies = new Map<number, ResolvedPolicy>();
  const repositories = new Map<number, ResolvedPolicy['repository']>();
  stack.defer(answer(deps, policyCommands.resolve.subject, policyPage(policies)));
  stack.defer(answer(deps, repositoryCommands.resolve.subject, ({ id }) => repositories.get(id)));
  const player = await playExecutor(deps);
  stack.defer(player.stop);

  const append: Stage['append'] = async (stream, ...events) => {
    const decider = { initialState: undefined, decide: () => events, evolve: () => undefined };
    await handleCommand(commandDeps(deps, 'test'), decider)(stream, undefined);
  };
  const jobs: Stage['jobs'] = async (run) =>
    (await deps.pool.query<JobRow>('select * from scheduler.jobs where run = $1 order by id', [run])).rows;

  return {
    deps,
    policies,
    repositories,
    executor: player.executor,
    newDeps,
    startScheduler: async ({ deps: own = deps, maxRunning = 0, clock } = {}) => {
      const service = await startScheduler(own, { CYBORGBACKUP_MAX_RUNNING_JOBS: maxRunning }, clock);
      let stopped: Promise<void> | undefined;
      const stop = (): Promise<void> => (stopped ??= service.stop());
      stack.defer(stop);
      return { ...service, stop };
    },
    append,
    kill: async (own, name) => {
      const dead = (): never => {
        throw new Error('killed');
      };
      Object.assign(own.pool, { query: dead, connect: dead });
      await own.connection.nats.close();
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cyborgbackup-' || $1`,
        [name],
      );
    },
    eventsOf: async (stream) => {
      const events = [];
      for await (const { type, data } of deps.store.readStream(stream)) events.push({ type, data });
      return events;
    },
    skipped: async (subject) => {
      const found: OccurrenceEvent['data'][] = [];
      for (let after = 0n; ;) {
        const { events, position } = await deps.store.readAll({ after, limit: 5_000 });
        if (position === after) return found;
        after = position;
        for (const { type, data } of events) {
          const occurrence = data as OccurrenceEvent['data'];
          const isMeant = type === 'occurrence-skipped' && (occurrence.policy ?? occurrence.repository) === subject;
          if (isMeant) found.push(occurrence);
        }
      }
    },
    registerHourly: async (policies) => {
      for (const { policy, repository } of policies) {
        const { id } = policy;
        const uuid = randomUUID();
        const hourly = { id, uuid, name: 'hourly', crontab: '0 * * * *', timezone: 'UTC', enabled: true };
        await append(`schedule-${uuid}`, { type: 'schedule-registered', data: { ...SCHEDULE_DEFAULTS, ...hourly } });
        await append(`repository-${repository.uuid}`, {
          type: 'repository-registered',
          data: { ...REPOSITORY_DEFAULTS, ...repository, repository_key: 'secret', ready: true },
        });
        const references = { extra_vars: '', clients: [], repository: repository.id, schedule: id };
        await append(`policy-${policy.uuid}`, {
          type: 'policy-registered',
          data: { ...POLICY_DEFAULTS, ...policy, ...references },
        });
      }
    },
    jobs,
    waitForStatuses: (run, statuses) =>
      vi.waitFor(async () => expect((await jobs(run)).map(({ status }) => status)).toEqual(statuses), within),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
};

interface Asked {
  readonly id: number;
  readonly clients_from: number;
}

/** Two clients at a time. */
const policyPage =
  (policies: ReadonlyMap<number, ResolvedPolicy>) =>
  ({ id, clients_from: from }: Asked): object | undefined => {
    const policy = policies.get(id);
    if (!policy) return undefined;
    const next = from + 2 < policy.clients.length ? from + 2 : null;
    return { ...policy, clients: policy.clients.slice(from, from + 2), next, revision: '' };
  };

/** Answers a call, as inventory does: speaks the envelope of the RPC library. Returns what ends it. */
const answer = ({ connection }: ServiceDeps, subject: string, find: (asked: Asked) => unknown): (() => void) => {
  const subscription = connection.nats.subscribe(subject, {
    callback: (_error, message) => {
      const { id, data } = message.json<{ id: string; data: Asked }>();
      const response = find(data);
      const err = { code: 'not-found', message: 'There is no such thing.' };
      message.respond(JSON.stringify(response ? { id, response, isDisposed: true } : { id, err, isDisposed: true }));
    },
  });
  return () => subscription.unsubscribe();
};

const playExecutor = async (
  deps: ServiceDeps,
): Promise<{ readonly executor: FakeExecutor; readonly stop: () => Promise<void> }> => {
  const executor: FakeExecutor = { orders: new Map(), started: [] };
  const stopping = new AbortController();
  const command = handleCommand(commandDeps(deps, 'executor'), {
    ...jobEvolver,
    decide: (event: JobEvent, { status }) =>
      status === (event.type === 'job-started' ? 'idle' : 'running') ? [event] : [],
  });
  const ended = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const handler: JobHandler = async ({ job, run }) => {
    const plan = await planOf(deps, run);
    const { name } = plan.jobs.find(({ uuid }) => uuid === job)!;
    const start: JobEvent = { type: 'job-started', data: { job, run, attempt: 1, executor: 'fake' } };
    if ((await command(jobStream(job), start)).events.length === 0) return 'drop';
    executor.started.push(name);
    const order = executor.orders.get(name);
    if (order instanceof Promise) await Promise.race([order, ended]);
    if (!stopping.signal.aborted) {
      const machines = Array.isArray(order) ? (order as readonly VirtualMachine[]) : [];
      const end =
        typeof order === 'string'
          ? failed(job, order)
          : succeeded(job, { ...resourcesOf(plan, job), machines: [...machines] });
      await command(jobStream(job), end);
    }
    return 'done';
  };
  const queue = await createJobQueue({ connection: deps.connection, logger });
  const consumed = queue.consume({ concurrency: 8, signal: stopping.signal, handler, graceMillis: 0 });
  return {
    executor,
    stop: () => {
      stopping.abort();
      return consumed;
    },
  };
};

/** The run with all its jobs, those of machines that were found included. */
export const planOf = async ({ store }: ServiceDeps, run: string): Promise<RunRequested> => {
  let plan: RunRequested | undefined;
  for await (const { type, data } of store.readStream(runStream(run))) {
    if (type === 'run-requested') plan = data as RunRequested;
    if (type === 'run-extended' && plan) plan = { ...plan, jobs: [...plan.jobs, ...(data as RunExtended).jobs] };
  }
  if (!plan) throw new Error(`No run ${run}`);
  return plan;
};

const resourcesOf = ({ repository, jobs }: RunRequested, job: string) => ({
  repository: repository?.uuid ?? null,
  client: jobs.find(({ uuid }) => uuid === job)?.client?.uuid ?? null,
});

/** Replays the queue's stream: throws when two jobs ever had one repository or one client. Returns the grants. */
export const checkGrants = async (stage: Stage): Promise<readonly string[]> => {
  const held = new Map<string, readonly string[]>();
  const granted: string[] = [];
  for (const { type, data } of (await stage.eventsOf(GRANT_STREAM)) as GrantEvent[]) {
    if (type === 'grant-released') held.delete(data.job);
    if (type !== 'job-granted') continue;
    granted.push(data.job);
    held.set(
      data.job,
      [data.repository, data.client].filter((resource) => resource !== null),
    );
    const resources = [...held.values()].flat();
    expect(new Set(resources).size, 'one job on each repository and client').toBe(resources.length);
  }
  expect(new Set(granted).size, 'each job granted once').toBe(granted.length);
  return granted;
};

/** The tables must be what the log alone gives. */
export const checkReplay = async ({ deps }: Stage): Promise<void> => {
  const head = await deps.store.head();
  await vi.waitFor(async () => {
    const comparison = await compareProjection({
      ...deps,
      projection: schedulerProjection,
      owner: randomUUID(),
      signal: new AbortController().signal,
    });
    expect(comparison.position).toBeGreaterThanOrEqual(head);
    expect(comparison).toMatchObject({ differences: [], parked: 0 });
  }, within);
};

/** Waits until the process with these deps leads. */
export const leaderIs = ({ deps }: Stage, instance: string): Promise<void> =>
  vi.waitFor(async () => {
    const { rows } = await deps.pool.query<{ owner: string }>(
      `select owner from projections.checkpoints where name = 'scheduler_leader'`,
    );
    expect(rows[0]?.owner).toBe(instance);
  }, within);

export const jobNamed = (jobs: readonly JobRow[], name: string): JobRow => jobs.find((job) => job.name === name)!;
export const plannedNamed = (run: RunRequested, name: string): PlannedJob => run.jobs.find((job) => job.name === name)!;

/** Time stands still until told. */
export const createTestClock = (): Clock & { set: (millis: number) => void } => {
  let now = Date.now();
  return { now: () => now, set: (next) => void (now = next) };
};
