import { describe, expect, it } from 'vitest';
import { MAX_HANDED_OUT } from '../queue/decide-grants.ts';
import { explainGranted, explainPausing, explainReady, explainWaiting, type ReadyJob } from './explain-wait.ts';
import type { NamedJob, RetriedJob } from './explained-job.ts';
import type { PolicyBacklog } from './jobs-ahead.ts';

const job = (id: number): NamedJob => ({ id, uuid: `uuid ${id}`, name: `job ${id}` });

const needed = (id: number, changes: Partial<RetriedJob> = {}): RetriedJob => ({
  ...job(id),
  loss: '',
  paused_until: null,
  ...changes,
});

const backlog = (changes: Partial<PolicyBacklog> = {}): PolicyBacklog => ({
  policy: 'p',
  urgency: 'scheduled',
  jobs: 1,
  head: 10,
  older: 0,
  held: 0,
  lastGrant: 0,
  ...changes,
});

const readyJob = (changes: Partial<ReadyJob> = {}): ReadyJob => ({
  job: { policy: 'p', urgency: 'scheduled', loss: '' },
  holders: { repository: undefined, client: undefined },
  backlogs: [backlog()],
  obstacles: { running: 0, handedOut: 0, maxRunning: 0, hasExecutors: undefined },
  ...changes,
});

const { obstacles } = readyJob();

describe('explainReady', () => {
  it.each<[string, Partial<ReadyJob>, string, { by: number[]; ahead: number }]>([
    [
      'when its repository is used',
      { holders: { repository: job(1), client: job(2) } },
      'Its repository is used by "job 1".',
      { by: [1], ahead: 0 },
    ],
    [
      'when its repository is used, and others wait for that too',
      { holders: { repository: job(1), client: undefined }, backlogs: [backlog({ jobs: 3, older: 1 })] },
      'Its repository is used by "job 1". Jobs ahead of it: 1.',
      { by: [1], ahead: 1 },
    ],
    [
      'after a lost attempt',
      {
        job: { policy: 'p', urgency: 'scheduled', loss: 'The host was off.' },
        holders: { repository: job(1), client: undefined },
      },
      'Its last attempt was lost: The host was off. Its repository is used by "job 1".',
      { by: [1], ahead: 0 },
    ],
    [
      'when its client is used',
      { holders: { repository: undefined, client: job(2) } },
      'Its client is used by "job 2".',
      { by: [2], ahead: 0 },
    ],
    [
      'when as many run as may',
      { obstacles: { ...obstacles, running: 3, maxRunning: 3 } },
      'All 3 jobs that may run at once do (CYBORGBACKUP_MAX_RUNNING_JOBS).',
      { by: [], ahead: 0 },
    ],
    [
      'when the executors take none',
      { obstacles: { ...obstacles, handedOut: MAX_HANDED_OUT, hasExecutors: true } },
      '4 jobs wait for an executor already: start more, or raise CYBORGBACKUP_EXECUTOR_CONCURRENCY.',
      { by: [], ahead: 0 },
    ],
    [
      'when no executor is there',
      { obstacles: { ...obstacles, handedOut: MAX_HANDED_OUT, hasExecutors: false } },
      '4 jobs wait for an executor already, and no executor is there: start one.',
      { by: [], ahead: 0 },
    ],
    [
      'when jobs launched by a user and jobs of other policies go first',
      {
        backlogs: [
          backlog({ jobs: 2, older: 1, head: 11, held: 1 }),
          backlog({ policy: 'q', head: 12, jobs: 2 }),
          backlog({ policy: 'm', urgency: 'manual', head: 14 }),
        ],
      },
      'It waits for its turn. Jobs ahead of it: 4 (1 launched by somebody, 2 of other policies, which take turns).',
      { by: [], ahead: 4 },
    ],
    [
      'when all that needed it has ended',
      {
        job: { policy: 'p', urgency: 'unneeded', loss: '' },
        backlogs: [backlog({ urgency: 'unneeded', head: 8 }), backlog({ jobs: 2 })],
      },
      'No job needs it any more, so all others go first. It waits for its turn. Jobs ahead of it: 2.',
      { by: [], ahead: 2 },
    ],
    [
      'when nothing is in its way',
      {},
      'Nothing is in its way: the scheduler starts it in a moment.',
      { by: [], ahead: 0 },
    ],
  ])('explains a ready job %s', (_name, changes, reason, { by, ahead }) => {
    const blocked_by = by.map(job);
    expect(explainReady(readyJob(changes))).toEqual({ state: 'pending', reason, blocked_by, ahead });
  });
});

it('names the first dependencies that a job waits for, and counts the others', () => {
  expect(explainWaiting([needed(1)]).reason).toBe('It needs "job 1" to succeed.');
  expect(explainWaiting([needed(1), needed(2)]).reason).toBe('It needs "job 1" and "job 2" to succeed.');
  expect(explainWaiting([1, 2, 3, 4, 5].map((id) => needed(id)))).toMatchObject({
    reason: 'It needs "job 1", "job 2", "job 3" and 2 more to succeed.',
    blocked_by: [1, 2, 3, 4, 5].map((id) => ({ id })),
  });
});

it('says what a job met that pauses, and when it is tried again, also to those that need it', () => {
  const pausing = { loss: 'The host is off.', paused_until: '2026-01-02 03:04:05 UTC' };
  expect(explainPausing(pausing)).toMatchObject({
    state: 'pausing',
    reason:
      'Its last attempt was lost: The host is off. It is tried again at 2026-01-02 03:04:05 UTC; until then its repository and its client are free for others.',
  });
  expect(explainWaiting([needed(1), needed(2, pausing)]).reason).toBe(
    'It needs "job 1" and "job 2" to succeed. "job 2" is tried again at 2026-01-02 03:04:05 UTC; its last attempt was lost: The host is off.',
  );
});

it.each<[string, string, boolean | undefined, string]>([
  ['any executor', '', true, 'It may run, and waits for an executor that has room'],
  ['no executor', '', false, 'It may run, but no executor is there: start one.'],
  [
    'executors of which nothing is known',
    '',
    undefined,
    'It may run, and waits for an executor: see whether one is running and has room.',
  ],
  [
    'executors after a lost attempt',
    'The executor was stopped.',
    true,
    'Its last attempt was lost: The executor was stopped. It may run, and waits for an executor that has room',
  ],
  [
    'no executor after a lost attempt',
    'The executor was stopped.',
    false,
    'Its last attempt was lost: The executor was stopped. It may run, but no executor',
  ],
])('explains a job that is handed out to %s', (_name, loss, hasExecutors, reason) => {
  expect(explainGranted({ loss }, hasExecutors)).toMatchObject({
    state: 'granted',
    reason: expect.stringContaining(reason),
  });
});
