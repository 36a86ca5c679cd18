import fc from 'fast-check';
import { expect, it } from 'vitest';
import { succeeded } from '../testing/job-events.ts';
import { decideGrants } from '../queue/decide-grants.ts';
import { addRun, evolveQueue } from '../queue/evolve-queue.ts';
import { URGENCIES, urgencyOf, type Urgency } from '../queue/fair-share.ts';
import { createQueue, type Queue } from '../queue/queue.ts';
import type { QueuedJob } from '../queue/queue-entry.ts';
import { countAhead, type PolicyBacklog } from './jobs-ahead.ts';

const metadata = { correlationId: 'c' };

interface Shape {
  readonly policy: number;
  readonly urgency: Urgency;
}

const shapeOf = fc.record<Shape>({ policy: fc.nat(3), urgency: fc.constantFrom(...URGENCIES) });

/** Nothing needs it. */
const urgencyIn = ({ isForOthers, manual }: QueuedJob): Urgency =>
  urgencyOf({ job: { isForOthers, manual }, openDependents: 0, openManualDependents: 0 });

const jobOf = ({ policy, urgency }: Shape, id: number, repository: string): QueuedJob => ({
  uuid: `job ${id}`,
  id,
  run: `run ${id}`,
  name: `job ${id}`,
  job_type: 'job',
  task: null,
  activity: null,
  policy: `policy ${policy}`,
  manual: urgency === 'manual',
  isForOthers: urgency === 'unneeded',
  repository,
  client: null,
  needs: [],
  correlationId: 'c',
});

/** Grants what is free, and has it started. */
const grant = (queue: Queue): string[] => {
  const decided = decideGrants(queue, { maxRunning: 0, maxEvents: 500 });
  const granted = decided.flatMap(({ event: { type, data } }) => (type === 'job-granted' ? [data.job] : []));
  for (const job of granted) {
    evolveQueue(queue, {
      type: 'job-started',
      data: { job, run: '', attempt: 1, executor: '' },
      version: 1,
      metadata,
    });
  }
  return granted;
};

/** The order in which the queue serves the jobs, one after the other. */
const serve = (queue: Queue): string[] => {
  const served: string[] = [];
  for (let [job] = grant(queue); job !== undefined; [job] = grant(queue)) {
    served.push(job);
    evolveQueue(queue, { ...succeeded(job), version: 1, metadata });
  }
  return served;
};

const backlogsOf = (queue: Queue, jobs: readonly QueuedJob[], asked: QueuedJob): readonly PolicyBacklog[] =>
  [...Map.groupBy(jobs, (job) => `${job.policy}/${urgencyIn(job)}`).values()].map((jobsOfOne) => ({
    ...queue.ready.shareOf(jobsOfOne[0]!.policy),
    policy: jobsOfOne[0]!.policy,
    urgency: urgencyIn(jobsOfOne[0]!),
    jobs: jobsOfOne.length,
    head: jobsOfOne[0]!.id,
    older: jobsOfOne.filter(({ id }) => id < asked.id).length,
  }));

it('counts exactly the jobs that the queue grants before the one that is asked about', () => {
  fc.assert(
    fc.property(
      fc.array(shapeOf, { maxLength: 6 }),
      fc.array(shapeOf, { minLength: 1, maxLength: 25 }),
      (running, waiting) => {
        const queue = createQueue();
        for (const [index, shape] of running.entries()) {
          addRun(queue, [jobOf(shape, index + 1, `repository ${index}`)]);
          grant(queue);
        }
        const jobs = waiting.map((shape, index) => jobOf(shape, 100 + index, 'asked'));
        for (const job of jobs) addRun(queue, [job]);
        const counted = jobs.map((job) =>
          countAhead(backlogsOf(queue, jobs, job), { policy: job.policy, urgency: urgencyIn(job) }),
        );
        const order = serve(queue);
        const found = jobs.map((job) => {
          const ahead = order.slice(0, order.indexOf(job.uuid)).map((uuid) => jobs.find((one) => one.uuid === uuid)!);
          const isYounger = (other: QueuedJob): boolean =>
            urgencyIn(other) === urgencyIn(job) && other.policy !== job.policy && other.id > job.id;
          return {
            jobs: ahead.length,
            manual: job.manual ? 0 : ahead.filter(({ manual }) => manual).length,
            younger: ahead.filter(isYounger).length,
          };
        });
        expect(counted).toEqual(found);
      },
    ),
    { numRuns: 500 },
  );
});
