import { jobEndOf, type JobEvent, type GrantEvent } from '@cyborgbackup/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failed, lost, succeeded } from '../testing/job-events.ts';
import { decideGrants } from './decide-grants.ts';
import { addFoundJobs, addRun, addRuns, evolveQueue } from './evolve-queue.ts';
import { urgencyOf, type Urgency } from './fair-share.ts';
import { endForgotten } from './job-lifecycle.ts';
import { createQueue, type Queue } from './queue.ts';
import type { QueuedJob } from './queue-entry.ts';

/*
 * Any history: runs come, jobs start, are handed over, pause, end, are canceled, some find machines for which their run is extended,
 * the leader acts or does not, dies and loads again.
 * Beside the queue stands a model that knows nothing but what was granted and freed.
 */
interface Model {
  readonly queue: Queue;
  readonly jobs: QueuedJob[];
  /** What the queue's stream holds. */
  readonly log: GrantEvent[];
  readonly ended: Map<string, JobEvent>;
  readonly started: Set<string>;
  /** Jobs with a grant. */
  readonly held: Set<string>;
  /** Jobs in the pause before their next attempt. */
  readonly pausing: Set<string>;
  /** Jobs that were planned when what they need had succeeded. */
  readonly plannedReady: Set<string>;
  /** Jobs whose machines have their jobs. */
  readonly extended: Set<string>;
}

type Touch = 'start' | 'lose' | 'pause' | 'resume' | 'succeed' | 'fail' | 'cancel';

type Step =
  | { readonly do: 'run'; readonly jobs: readonly ShapeOfJob[]; readonly manual: boolean; readonly policy: number }
  | { readonly do: 'act'; readonly maxEvents: number }
  | { readonly do: Touch; readonly pick: number }
  | { readonly do: 'extend' }
  | { readonly do: 'reload' };

interface ShapeOfJob {
  readonly repository: number | null;
  readonly client: number | null;
  /** Depends on the jobs planned so many positions before it, which may be of another run, and may have ended. */
  readonly back: readonly number[];
  readonly findsMachines: boolean;
  /** A preparation that nobody asked for. */
  readonly isForOthers: boolean;
}

const MAX_RUNNING = 4;
const UNTIL = '2026-01-02T03:04:05.000Z';
const uuidOf = (kind: string, n: number): string => `${kind}-${n}`;
const maybe = (arbitrary: fc.Arbitrary<number>): fc.Arbitrary<number | null> => fc.option(arbitrary, { nil: null });

const shape = fc.record<ShapeOfJob>({
  repository: maybe(fc.nat(3)),
  client: maybe(fc.nat(1)),
  back: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
  findsMachines: fc.boolean(),
  isForOthers: fc.boolean(),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      jobs: fc.array(shape, { minLength: 1, maxLength: 5 }),
      manual: fc.boolean(),
      policy: fc.nat(2),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('act' as const), maxEvents: fc.constantFrom(1, 2, 200) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom<Touch[]>('start', 'lose', 'pause', 'resume', 'succeed', 'fail', 'cancel'),
      pick: fc.nat(50),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'extend' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reload' as const }) },
);

const planRun = (model: Model, { jobs, manual, policy }: Extract<Step, { do: 'run' }>): readonly QueuedJob[] => {
  const first = model.jobs.length;
  return jobs.map(({ repository, client, back, findsMachines, isForOthers }, index) => ({
    uuid: uuidOf('job', first + index),
    id: first + index + 1,
    run: uuidOf('run', first),
    name: `Job ${first + index}`,
    job_type: 'job',
    task: findsMachines ? 'machines' : null,
    activity: `backup/${uuidOf('policy', policy)}`,
    policy: uuidOf('policy', policy),
    manual,
    // Somebody asked for the last one at least.
    isForOthers: isForOthers && index < jobs.length - 1,
    repository: repository === null ? null : uuidOf('repository', repository),
    client: client === null ? null : uuidOf('client', client),
    needs: back
      .filter((distance) => distance <= first + index)
      .map((distance) => uuidOf('job', first + index - distance)),
    correlationId: 'c',
  }));
};

const holders = ({ held, jobs }: Model): QueuedJob[] => {
  return jobs.filter(({ uuid }) => held.has(uuid));
};

/** How jobs ended that the queue has forgotten, as a leader looks it up. */
const lookUpForgotten = ({ queue, jobs, ended }: Model): void => {
  const forgotten = jobs.filter(({ uuid }) => queue.needForgotten.has(uuid));
  expect(queue.needForgotten.size).toBe(forgotten.length);
  endForgotten(
    queue,
    forgotten.map(({ uuid, name, job_type }) => ({
      uuid,
      name,
      job_type,
      end: jobEndOf(ended.get(uuid)!)!,
      reason: '',
    })),
  );
};

const fold = (model: Model, event: JobEvent): void =>
  evolveQueue(model.queue, { ...event, version: 1, metadata: { correlationId: 'c' } });

const end = (model: Model, event: JobEvent): void => {
  model.ended.set(event.data.job, event);
  model.held.delete(event.data.job);
  fold(model, event);
};

const success = ({ uuid, task }: QueuedJob): JobEvent =>
  succeeded(uuid, {
    machines:
      task === 'machines'
        ? [
            { id: '1', name: 'one' },
            { id: '2', name: 'two' },
          ]
        : [],
  });

const awaitsExtension = ({ ended, extended }: Model, { uuid, task }: QueuedJob): boolean =>
  task === 'machines' && ended.get(uuid)?.type === 'job-succeeded' && !extended.has(uuid);

/** A backup for each machine, and what follows it. */
const extend = (model: Model): void => {
  for (const { job: finder } of model.queue.toExtend) {
    expect(awaitsExtension(model, finder)).toBe(true);
    const first = model.jobs.length;
    const jobs = [0, 1, 2, 3].map((n): QueuedJob => ({
      ...finder,
      uuid: uuidOf('job', first + n),
      id: first + n + 1,
      name: `Job ${first + n}`,
      task: null,
      isForOthers: false,
      needs: [n % 2 === 0 ? finder.uuid : uuidOf('job', first + n - 1)],
    }));
    model.jobs.push(...jobs);
    model.extended.add(finder.uuid);
    for (const { uuid, needs } of jobs) if (needs.includes(finder.uuid)) model.plannedReady.add(uuid);
    addFoundJobs(model.queue, finder.uuid, jobs);
    // A second time it is known.
    addFoundJobs(model.queue, finder.uuid, jobs);
  }
};

/** What an executor, or a user who cancels, says about a job. */
const eventsOf: Record<Touch, (job: QueuedJob, isStarted: boolean) => JobEvent | undefined> = {
  cancel: ({ uuid }) => ({ type: 'job-canceled', data: { job: uuid, attempt: 0, reason: 'x' } }),
  start: ({ uuid, run }, isStarted) =>
    isStarted ? undefined : { type: 'job-started', data: { job: uuid, run, attempt: 1, executor: 'e' } },
  lose: ({ uuid }, isStarted) => (isStarted ? lost(uuid, 'x') : undefined),
  pause: ({ uuid }, isStarted) => (isStarted ? lost(uuid, 'x', { until: UNTIL, grant: 1 }) : undefined),
  resume: ({ uuid }) => ({ type: 'job-pause-ended', data: { job: uuid, attempt: 1 } }),
  succeed: (job, isStarted) => (isStarted ? success(job) : undefined),
  fail: ({ uuid }, isStarted) => (isStarted ? failed(uuid, 'x') : undefined),
};

/** The jobs to which it can happen. */
const touchable = (model: Model, kind: Touch): readonly QueuedJob[] => {
  const open = ({ uuid }: QueuedJob): boolean => !model.ended.has(uuid);
  const held = holders(model);
  if (kind === 'cancel') return model.jobs.filter(open);
  if (kind === 'resume')
    return model.jobs.filter((job) => open(job) && model.pausing.has(job.uuid) && !held.includes(job));
  return held.filter((job) => open(job) && !model.pausing.has(job.uuid));
};

const touch = (model: Model, kind: Touch, pick: number): void => {
  const among = touchable(model, kind);
  const job = among[pick % Math.max(1, among.length)];
  const event = job && eventsOf[kind](job, model.started.has(job.uuid));
  if (!event) return;
  if (kind === 'start') model.started.add(job.uuid);
  if (kind === 'resume') model.pausing.delete(job.uuid);
  if (kind === 'lose') model.started.delete(job.uuid);
  if (kind === 'pause') pause(model, job);
  else if (jobEndOf(event) === undefined) fold(model, event);
  else end(model, event);
};

const pause = (model: Model, { uuid }: QueuedJob): void => {
  model.pausing.add(uuid);
  model.held.delete(uuid);
  model.started.delete(uuid);
  fold(model, lost(uuid, 'x', { until: UNTIL, grant: 1 }));
};

const resourcesOf = (job: QueuedJob): string[] => [job.repository, job.client].filter((resource) => resource !== null);

const URGENCY_RANKS = { manual: 0, scheduled: 1_000, unneeded: 2_000 };

const urgencyIn = ({ jobs, ended }: Model, job: QueuedJob): Urgency => {
  const open = jobs.filter(({ uuid, needs }) => needs.includes(job.uuid) && !ended.has(uuid));
  return urgencyOf({
    job,
    openDependents: open.length,
    openManualDependents: open.filter(({ manual }) => manual).length,
  });
};

/** No other job that may run comes before it: jobs launched by a user first, then the policy with the fewest grants. */
const checkFairShare = (model: Model, granted: QueuedJob): void => {
  const holding = holders(model);
  const used = new Set(holding.flatMap(resourcesOf));
  const held = ({ policy }: QueuedJob): number => holding.filter((other) => other.policy === policy).length;
  const rank = (job: QueuedJob): number => URGENCY_RANKS[urgencyIn(model, job)] + held(job);
  const rivals = model.jobs.filter(
    (job) =>
      !holding.includes(job) &&
      !model.pausing.has(job.uuid) &&
      !model.ended.has(job.uuid) &&
      job.needs.every((need) => model.ended.get(need)?.type === 'job-succeeded') &&
      !resourcesOf(job).some((resource) => used.has(resource)),
  );
  expect(rivals).toContainEqual(granted);
  expect(rank(granted)).toBe(Math.min(...rivals.map(rank)));
};

const act = (model: Model, maxEvents: number): void => {
  lookUpForgotten(model);
  const before = model.queue.version;
  const events = decideGrants(model.queue, { maxRunning: MAX_RUNNING, maxEvents }).map(({ event }) => event);
  expect(events.length).toBeLessThanOrEqual(maxEvents);
  for (const event of events) {
    if (event.type === 'job-granted') {
      expect(holders(model).length).toBeLessThan(MAX_RUNNING);
      checkFairShare(
        model,
        model.jobs.find(({ uuid }) => uuid === event.data.job)!,
      );
    }
    model.log.push(event);
    if (event.type === 'job-granted') model.held.add(event.data.job);
  }
  expect(model.queue.version).toBe(before + events.length);
  const blockedByFailure = [...model.queue.blockedByFailure.keys()];
  model.queue.blockedByFailure.clear();
  for (const { job } of blockedByFailure)
    end(model, { type: 'job-canceled', data: { job: job.uuid, attempt: 0, reason: 'y' } });
};

/** As a new leader does from the tables. */
const reload = (model: Model): Model => {
  const queue = createQueue(model.log.length);
  const recordedReady = new Set(model.log.map(({ data }) => data.job));
  const held = new Set(holders(model).map(({ uuid }) => uuid));
  const isOver = (job: QueuedJob): boolean => model.ended.has(job.uuid) && !awaitsExtension(model, job);
  const runs = [...Map.groupBy(model.jobs, ({ run }) => run).values()].filter((run) => !run.every(isOver));
  addRuns(queue, runs, (entry) => {
    const { uuid } = entry.job;
    const ended = model.ended.get(uuid);
    entry.readyRecorded ||= recordedReady.has(uuid) || model.plannedReady.has(uuid);
    entry.awaitsExtension = awaitsExtension(model, entry.job);
    entry.grantedAt = held.has(uuid)
      ? model.log.findLastIndex((e) => e.type === 'job-granted' && e.data.job === uuid) + 1
      : undefined;
    if (ended) entry.end = jobEndOf(ended);
    else if (model.started.has(uuid)) entry.stage = 'running';
    else if (model.pausing.has(uuid)) entry.pausedUntil = Date.parse(UNTIL);
  });
  return { ...model, queue };
};

const check = (model: Model): void => {
  const held = holders(model);
  for (const kind of ['repository', 'client'] as const) {
    const used = held.map((job) => job[kind]).filter((resource) => resource !== null);
    expect(new Set(used).size, `one job on each ${kind}`).toBe(used.length);
  }
  expect(model.queue.granted).toBe(held.length);
  expect(model.queue.pausing.size).toBe([...model.pausing].filter((uuid) => !model.ended.has(uuid)).length);
  for (const job of held) {
    for (const need of job.needs) expect(model.ended.get(need)?.type, 'needs have succeeded').toBe('job-succeeded');
  }
};

const take = (model: Model, one: Step): Model => {
  if (one.do === 'reload') return reload(model);
  if (one.do === 'act') act(model, one.maxEvents);
  else if (one.do === 'extend') extend(model);
  else if (one.do === 'run') {
    const jobs = planRun(model, one);
    model.jobs.push(...jobs);
    addRun(model.queue, jobs);
  } else touch(model, one.do, one.pick);
  return model;
};

const newModel = (): Model => ({
  queue: createQueue(),
  jobs: [],
  log: [],
  ended: new Map(),
  started: new Set(),
  held: new Set(),
  pausing: new Set(),
  plannedReady: new Set(),
  extended: new Set(),
});

const startJob = (model: Model, job: QueuedJob): void => {
  const event = eventsOf.start(job, model.started.has(job.uuid));
  if (event) fold(model, event);
  model.started.add(job.uuid);
};

/** From here on all goes well at the second attempt, and leaders change between the attempts: nothing may be stuck. */
const finish = (given: Model): Model => {
  let model = given;
  const tried = new Set<string>();
  const isOver = (): boolean => model.ended.size === model.jobs.length && model.queue.toExtend.size === 0;
  for (let round = 0; !isOver() && round < 500; round += 1) {
    extend(model);
    act(model, 200);
    check(model);
    while (touchable(model, 'resume').length > 0) touch(model, 'resume', 0);
    for (const job of touchable(model, 'start')) {
      startJob(model, job);
      if (tried.has(job.uuid)) end(model, success(job));
    }
    model = reload(model);
    for (const job of touchable(model, 'start')) {
      pause(model, job);
      tried.add(job.uuid);
    }
  }
  return model;
};

describe('any history of the queue', () => {
  it('never grants a repository or a client twice, and ends with all jobs ended and forgotten', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let model = newModel();
        for (const one of steps) {
          model = take(model, one);
          check(model);
        }
        model = finish(model);
        act(model, 200);
        act(model, 200);
        expect(model.ended.size, 'no job waits for ever').toBe(model.jobs.length);
        expect(holders(model)).toEqual([]);
        const { entries, runs, ready, active, handedOut, pausing, granted } = model.queue;
        expect([entries, runs, active, handedOut, pausing].map(({ size }) => size)).toEqual([0, 0, 0, 0, 0]);
        expect([ready.policies, granted]).toEqual([0, 0]);
      }),
      { numRuns: 400 },
    );
  });

  it('decides the same after a new leader has loaded the queue', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let model = newModel();
        for (const one of steps) model = take(model, one);
        const next = reload(model);
        for (const one of [model, next]) lookUpForgotten(one);
        const loaded = next.queue;
        expect(loaded.granted).toBe(model.queue.granted);
        expect(new Set([...loaded.blockedByFailure.keys()].map(({ job }) => job.uuid))).toEqual(
          new Set([...model.queue.blockedByFailure.keys()].map(({ job }) => job.uuid)),
        );
        // Before either decides: a leader remembers the latest grants of policies, which its successor does not know.
        for (const [uuid, { stage }] of loaded.entries) expect(model.queue.entries.get(uuid)?.stage).toBe(stage);
        const limits = { maxRunning: 0, maxEvents: 500 };
        const others = (queue: Queue): string[] =>
          decideGrants(queue, limits)
            .filter(({ event }) => event.type !== 'job-granted')
            .map(({ event }) => JSON.stringify(event))
            .sort();
        expect(others(loaded)).toEqual(others(model.queue));
      }),
      { numRuns: 300 },
    );
  });
});
