import { NO_RUN_SECRETS, type PlannedJob, type RunExtended, type RunRequested } from '@cyborgbackup/contracts';
import type { EventCodec, EventStore } from '@cyborgbackup/event-store';
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { createJobPlans, loadJobPlan } from './job-plan.ts';

const jobOf = (id: number): PlannedJob => ({
  id,
  uuid: randomUUID(),
  name: `job ${id}`,
  job_type: 'job',
  launch_type: 'manual',
  client: null,
  needs: [],
  archive_name: null,
  master_job: null,
});

const runOf = (jobCount: number): RunRequested => ({
  uuid: randomUUID(),
  policy: null,
  repository: null,
  schedule: null,
  due_at: null,
  ...NO_RUN_SECRETS,
  jobs: Array.from({ length: jobCount }, (_, index) => jobOf(index + 1)),
});

const extensionOf = ({ uuid, policy, repository, schedule, due_at, jobs }: RunRequested): RunExtended => ({
  ...{ uuid, policy, repository, schedule, due_at },
  found_by: jobs[0]!.uuid,
  requested_by: null,
  jobs: [jobOf(100)],
});

/** A log of runs, and how many of its events were read. */
const logOf = (...runs: readonly RunRequested[]) => {
  const streams = new Map<string, { type: string; data: unknown }[]>(
    runs.map((data) => [`run-${data.uuid}`, [{ type: 'run-requested', data }]]),
  );
  let read = 0;
  const store: Pick<EventStore, 'readStream'> = {
    async *readStream(stream, { from = 1 } = {}) {
      for (const [index, event] of (streams.get(stream) ?? []).entries()) {
        if (index + 1 < from) continue;
        read += 1;
        yield { ...event, stream, version: index + 1 } as never;
      }
    },
  };
  const codec: Pick<EventCodec, 'decode'> = { decode: (event) => Promise.resolve(event) };
  const extend = (data: RunExtended): void =>
    void streams.get(`run-${data.uuid}`)?.push({ type: 'run-extended', data });
  const deps = { store, codec } as Parameters<typeof createJobPlans>[0];
  return { deps, extend, events: () => read };
};

it('reads a run once for all of its jobs', async () => {
  const run = runOf(3);
  const { deps, events } = logOf(run);
  const planOf = createJobPlans(deps);
  for (const job of run.jobs) expect(await planOf(run.uuid, job.uuid)).toEqual({ run, job });
  expect(events()).toBe(1);
  for (const job of run.jobs) expect(await loadJobPlan(deps, run.uuid, job.uuid)).toEqual({ run, job });
});

it('finds jobs that were added to a cached run, and says when there is no such job', async () => {
  const run = runOf(1);
  const { deps, extend, events } = logOf(run);
  const planOf = createJobPlans(deps);
  await planOf(run.uuid, run.jobs[0]!.uuid);
  const extension = extensionOf(run);
  const [added] = extension.jobs;
  await expect(planOf(run.uuid, added!.uuid)).rejects.toMatchObject({ code: 'not-found' });
  extend(extension);
  expect(await planOf(run.uuid, added!.uuid)).toEqual({ run, job: added });
  expect((await planOf(run.uuid, run.jobs[0]!.uuid)).job).toEqual(run.jobs[0]);
  expect(events()).toBe(2);
  await expect(planOf(randomUUID(), added!.uuid)).rejects.toMatchObject({ code: 'not-found' });
});

it.each<[string, number, number]>([
  ['many runs', 101, 1],
  ['large ones', 2, 15_001],
])('forgets the oldest of %s', async (_name, count, jobCount) => {
  const runs = Array.from({ length: count }, () => runOf(jobCount));
  const { deps, events } = logOf(...runs);
  const planOf = createJobPlans(deps);
  const ask = ({ uuid, jobs }: RunRequested): Promise<unknown> => planOf(uuid, jobs[0]!.uuid);
  for (const run of runs) await ask(run);
  await ask(runs.at(-1)!);
  expect(events()).toBe(count);
  await ask(runs[0]!);
  expect(events()).toBe(count + 1);
});
