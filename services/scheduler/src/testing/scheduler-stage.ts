import {
  POLICY_DEFAULTS,
  REPOSITORY_DEFAULTS,
  SCHEDULE_DEFAULTS,
  type OccurrenceEvent,
  type PlannedJob,
  type RunRequested,
} from '@cyborgbackup/contracts';
import type { Clocks } from '@cyborgbackup/database';
import { handleCommand } from '@cyborgbackup/event-store';
import { createLogger, type Clock, type DomainEvent } from '@cyborgbackup/kernel';
import type { JobRow } from '@cyborgbackup/read-models';
import { commandDeps, connectProcess, type RunningService, type ServiceDeps } from '@cyborgbackup/service';
import { createTestDatabase, startTestNats } from '@cyborgbackup/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, vi } from 'vitest';
import type { ResolvedPolicy } from '../runs/planning/draft-jobs.ts';
import { startScheduler } from '../start.ts';
import { playExecutor, type FakeExecutor } from './fake-executor.ts';
import { playInventory, type FakeInventory } from './fake-inventory.ts';

/** Everything around a scheduler: real servers, and a test in the deps of inventory and executors. */
export interface Stage extends AsyncDisposable, FakeInventory {
  readonly deps: ServiceDeps;
  readonly adminUrl: string;
  readonly executor: FakeExecutor;
  /** Parts as of another process; they end with the stage. */
  newDeps(name: string): Promise<ServiceDeps>;
  /** Ends all work of these deps at once, as a power cut would: nothing is given back. */
  kill(deps: ServiceDeps, name: string): Promise<void>;
  startScheduler(options?: {
    deps?: ServiceDeps;
    maxRunning?: number;
    clock?: Clock;
    clocks?: Clocks;
  }): Promise<RunningService>;
  append(stream: string, ...events: readonly DomainEvent[]): Promise<void>;
  eventsOf(stream: string): Promise<readonly DomainEvent[]>;
  /** The whole log, in order. */
  log(): Promise<readonly DomainEvent[]>;
  /** Occurrences of a policy or a repository that have no run, from the whole log. */
  skipped(subject: string): Promise<readonly OccurrenceEvent['data'][]>;
  /** Has inventory's events tell of these policies, each with a schedule of every hour. */
  registerHourly(policies: readonly ResolvedPolicy[]): Promise<void>;
  jobs(run: string): Promise<readonly JobRow[]>;
  /** Waits until the jobs of a run have these statuses, in the order of their ids. */
  waitForStatuses(run: string, statuses: readonly string[]): Promise<void>;
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
    const deps = await (await connectProcess(name, config, logger)).depsOf('test');
    stack.defer(deps.close);
    return deps;
  };

  const log: Stage['log'] = async () => {
    const found: DomainEvent[] = [];
    for (let after = 0n; ;) {
      const { events, position } = await deps.store.readAll({ after, limit: 5_000 });
      if (position === after) return found;
      after = position;
      found.push(...events);
    }
  };

  const admin = new pg.Pool({ connectionString: database.adminUrl, max: 1 });
  admin.on('error', () => undefined);
  stack.defer(() => admin.end());
  const deps = await newDeps('stage');
  const policies = new Map<number, ResolvedPolicy>();
  const repositories = new Map<number, ResolvedPolicy['repository']>();
  stack.defer(playInventory(deps, { policies, repositories }));
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
    adminUrl: database.adminUrl,
    policies,
    repositories,
    executor: player.executor,
    newDeps,
    startScheduler: async ({ deps: own = deps, maxRunning = 0, clock, clocks = clock && agreeing(clock) } = {}) => {
      const service = await startScheduler(own, { CYBORGBACKUP_MAX_RUNNING_JOBS: maxRunning }, clocks);
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
    log,
    skipped: async (subject) =>
      (await log()).flatMap(({ type, data }) => {
        const occurrence = data as OccurrenceEvent['data'];
        const isMeant = type === 'occurrence-skipped' && (occurrence.policy ?? occurrence.repository) === subject;
        return isMeant ? [occurrence] : [];
      }),
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
        const references = {
          extra_vars: '',
          prehook: '',
          posthook: '',
          clients: [],
          repository: repository.id,
          schedule: id,
        };
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

export const jobNamed = (jobs: readonly JobRow[], name: string): JobRow => jobs.find((job) => job.name === name)!;
export const plannedNamed = (run: RunRequested, name: string): PlannedJob => run.jobs.find((job) => job.name === name)!;

/** PostgreSQL's clock says the same. */
const agreeing = (clock: Clock): Clocks => ({ own: clock, shared: () => Promise.resolve(clock.now()) });

/** Time stands still until told. */
export const createTestClock = (): Clock & { set: (millis: number) => void } => {
  let now = Date.now();
  return { now: () => now, set: (next) => void (now = next) };
};
