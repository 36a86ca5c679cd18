/**
 * What the scheduler's leader computes for a large fleet, without the log it writes to: finding what is due, planning what
 * is launched, and granting jobs. 10,000 clients in 2,000 policies on 200 repositories, 100 of the policies due at once;
 * then 2,000 runs active at once; then 500 policies that all use one repository. Times in milliseconds.
 */
import {
  NO_RUN_SECRETS,
  POLICY_DEFAULTS,
  REPOSITORY_DEFAULTS,
  SCHEDULE_DEFAULTS,
  type PolicyFields,
  type RunRequested,
} from '@cyborgbackup/contracts';
import {
  createQueue,
  createTimetable,
  planDue,
  decideGrants,
  draftLaunch,
  evolveQueue,
  occurrenceRun,
  type Queue,
  type QueueInput,
  type ResolvedPolicy,
  type Timetable,
} from '@cyborgbackup/scheduler';
import { randomUUID } from 'node:crypto';
import type { Figures } from './budget.ts';
import { percentilesOf } from './load.ts';

const POLICIES = 2_000;
const CLIENTS_OF_POLICY = 5;
const REPOSITORIES = 200;
const DUE_AT_ONCE = 100;
const PASSES = 50;
const LOOKS = 2_000;
const DECISIONS = 2_000;
const CROWD = 500;

const BEGIN = Date.parse('2026-03-01T00:00:00.000Z');
const DAY = 86_400_000;

interface Fleet {
  readonly policies: readonly ResolvedPolicy[];
  readonly timetable: Timetable;
}

const keeps = { keep_hourly: null, keep_daily: 7, keep_weekly: null, keep_monthly: null, keep_yearly: null };

const policyFields = (n: number): Omit<PolicyFields, 'extra_vars' | 'clients' | 'repository' | 'schedule'> => ({
  ...POLICY_DEFAULTS,
  ...keeps,
  name: `policy ${n}`,
  policy_type: 'rootfs',
  vmprovider: '',
  mode_pull: false,
  enabled: true,
  prehook: '',
  posthook: '',
});

const client = (id: number): ResolvedPolicy['clients'][number] => ({
  id,
  uuid: randomUUID(),
  hostname: `host-${id}.example.org`,
  port: 22,
  bandwidth_limit: null,
  ready: true,
  enabled: true,
  hypervisor_ready: false,
});

const policyOf = (n: number, repository: ResolvedPolicy['repository']): ResolvedPolicy => ({
  policy: { ...policyFields(n), id: n, uuid: randomUUID() },
  repository,
  schedule: { id: scheduleOf(n), name: 'nightly', enabled: true },
  clients: Array.from({ length: CLIENTS_OF_POLICY }, (_, c) => client(n * CLIENTS_OF_POLICY + c)),
  extra_vars: '{}',
  prehook: '',
  posthook: '',
  catalog_enabled: true,
  auto_prune: true,
});

const repositoryOf = (id: number): ResolvedPolicy['repository'] => ({
  id,
  uuid: randomUUID(),
  name: `repository ${id}`,
  path: '/srv/borg',
  ready: true,
  enabled: true,
});

/** A hundred policies on each, at another minute of the night. */
const scheduleOf = (n: number): number => 1 + Math.floor((n - 1) / DUE_AT_ONCE);

const build = (): Fleet => {
  const repositories = Array.from({ length: REPOSITORIES }, (_, n) => repositoryOf(n + 1));
  const policies = Array.from({ length: POLICIES }, (_, n) => {
    const repository = repositories[n % REPOSITORIES];
    if (!repository) throw new Error('No repository');
    return policyOf(n + 1, repository);
  });
  const metadata = { occurredAt: new Date(BEGIN).toISOString() };
  const timetable = createTimetable({ entries: [], schedules: [], repositories: [] });
  for (let id = 1; id <= POLICIES / DUE_AT_ONCE; id += 1) {
    const times = { name: 'nightly', crontab: `${id} 0 * * *`, timezone: 'UTC', enabled: true };
    const data = { ...SCHEDULE_DEFAULTS, ...times, id, uuid: randomUUID() };
    timetable.evolve({ type: 'schedule-registered', data, metadata });
  }
  for (const repository of repositories) {
    const data = { ...REPOSITORY_DEFAULTS, ...repository, repository_key: '' };
    timetable.evolve({ type: 'repository-registered', data, metadata });
  }
  for (const { policy, repository, schedule } of policies) {
    const references = { extra_vars: '', clients: [], repository: repository.id, schedule: schedule.id };
    const data = { ...policyFields(policy.id), ...references, id: policy.id, uuid: policy.uuid };
    timetable.evolve({ type: 'policy-registered', data, metadata });
  }
  return { policies, timetable };
};

let lastJob = 0;

const requested = (resolved: ResolvedPolicy, run: string, due: number): RunRequested => {
  const { enabled: _enabled, ...policy } = resolved.policy;
  const { id, uuid, name, path } = resolved.repository;
  return {
    uuid: run,
    policy,
    repository: { id, uuid, name, path },
    schedule: { id: resolved.schedule.id, name: resolved.schedule.name },
    due_at: new Date(due).toISOString(),
    ...NO_RUN_SECRETS,
    jobs: draftLaunch({ run, resolved, launchType: 'scheduled' }).map((draft) => ({ ...draft, id: (lastJob += 1) })),
  };
};

/** How long the work takes each time. */
const timesOf = (count: number, work: (n: number) => void): number[] =>
  Array.from({ length: count }, (_, n) => {
    const begun = performance.now();
    work(n);
    return performance.now() - begun;
  });

const metadata = { correlationId: 'bench', occurredAt: new Date(BEGIN).toISOString() };
const tell = (queue: Queue, event: { type: string; data: object }): void =>
  evolveQueue(queue, { ...event, version: 0, metadata } as QueueInput);

const start = (queue: Queue, run: string, job: string): void =>
  tell(queue, { type: 'job-started', data: { job, run, attempt: 1, executor: 'bench' } });
const end = (queue: Queue, job: string): void => tell(queue, { type: 'job-succeeded', data: { job, machines: [] } });

/** Decides, and has executors start what is granted. Returns the jobs that run from then on. */
const grant = (queue: Queue): string[] => {
  const decided = decideGrants(queue, { maxRunning: 0, maxEvents: 200 });
  const granted = decided.flatMap(({ event }) => (event.type === 'job-granted' ? [event.data] : []));
  for (const { run, job } of granted) start(queue, run, job);
  return granted.map(({ job }) => job);
};

const grantAll = (queue: Queue): string[] => {
  const running: string[] = [];
  for (let granted = grant(queue); granted.length > 0; granted = grant(queue)) running.push(...granted);
  return running;
};

/** What becomes of one night's first hundred policies: found, decided, planned, queued, and the first jobs granted. */
const pass = ({ policies, timetable }: Fleet, day: number): (() => void) => {
  const byUuid = new Map(policies.map((resolved) => [resolved.policy.uuid, resolved]));
  const queue = createQueue();
  return () => {
    const now = BEGIN + day * DAY + 60_000;
    const due = timetable.due(now);
    if (due.length !== DUE_AT_ONCE) throw new Error(`${due.length} policies are due, not ${DUE_AT_ONCE}`);
    for (const one of due) {
      for (const decision of planDue(one, now)) {
        const resolved = byUuid.get(one.entry.subject);
        if (decision.kind !== 'launch' || !resolved) throw new Error('Not launched');
        const run = requested(resolved, occurrenceRun(one.entry, decision.due), decision.due);
        timetable.evolve({ type: 'run-requested', data: run, metadata });
        tell(queue, { type: 'run-requested', data: run });
      }
    }
    if (grant(queue).length === 0) throw new Error('Nothing was granted');
  };
};

/** Skips all other policies of the day, so that the next day has its hundred again. */
const finishDay = ({ policies, timetable }: Fleet, day: number): void => {
  const until = new Date(BEGIN + day * DAY + DAY / 2).toISOString();
  for (const { policy } of policies) {
    const skipped = { policy: policy.uuid, repository: null, kind: 'backup', until: null, reason: '' } as const;
    timetable.evolve({ type: 'occurrence-skipped', data: { ...skipped, due_at: until }, metadata });
  }
};

const measurePasses = (fleet: Fleet): Figures => {
  const times: number[] = [];
  for (let day = 0; day < PASSES; day += 1) {
    times.push(...timesOf(1, pass(fleet, day)));
    finishDay(fleet, day);
  }
  const { timetable } = fleet;
  const quiet = BEGIN + PASSES * DAY + 30_000;
  const due = timesOf(LOOKS, () => timetable.due(quiet));
  const nextDue = timesOf(LOOKS, () => timetable.nextDue());
  return { ...percentilesOf('pass', times), ...percentilesOf('due', due), ...percentilesOf('nextDue', nextDue) };
};

/** Ends one job after the other, of many runs that are active at once, and decides after each. */
const measureQueue = (name: string, policies: readonly ResolvedPolicy[]): Figures => {
  const queue = createQueue();
  const runs = policies.map((resolved) => requested(resolved, randomUUID(), BEGIN));
  const evolving = timesOf(runs.length, (n) => tell(queue, { type: 'run-requested', data: runs[n] ?? {} }));
  const running = grantAll(queue);
  const deciding = timesOf(DECISIONS, () => {
    const job = running.shift();
    if (job === undefined) throw new Error('Nothing runs');
    end(queue, job);
    running.push(...grant(queue));
  });
  return { ...percentilesOf(`${name}Evolve`, evolving), ...percentilesOf(`${name}Decide`, deciding) };
};

export const run = (): Promise<Figures> => {
  const [building = NaN] = timesOf(1, () => build());
  const fleet = build();
  const repository = repositoryOf(1);
  const crowd = Array.from({ length: CROWD }, (_, n) => policyOf(n + 1, repository));
  return Promise.resolve({
    buildMillis: Math.round(building),
    ...measurePasses(fleet),
    ...measureQueue('queue', fleet.policies),
    ...measureQueue('crowd', crowd),
  });
};
