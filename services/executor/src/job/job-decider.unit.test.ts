import { initialJobState, type JobEvent, type JobState } from '@cyborgbackup/contracts';
import { fold } from '@cyborgbackup/kernel';
import { describe, expect, it } from 'vitest';
import { jobDecider, type JobCommand } from './job-decider.ts';
import { EMPTY_RESULT } from './job-result.ts';

const job = '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a01';
const run = '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a02';
const started = (attempt: number, executor: string): JobEvent => ({
  type: 'job-started',
  data: { job, run, attempt, executor },
});
const lost = (attempt: number): JobEvent => ({
  type: 'job-attempt-lost',
  data: { job, attempt, reason: 'gone', transport: false, pause: null },
});
const UNTIL = '2026-01-02T03:04:05.000Z';
/** Under the grant 7. */
const paused = (attempt: number): JobEvent => ({
  type: 'job-attempt-lost',
  data: { job, attempt, reason: 'gone', transport: true, pause: { until: UNTIL, grant: 7 } },
});
const failed: JobEvent = {
  type: 'job-failed',
  data: {
    job,
    attempt: 1,
    status: 'failed',
    reason: 'no',
    exit_code: 2,
    warnings: [],
    archive: null,
    restored: null,
    drill: null,
    check: null,
  },
};
const start = (executor: string, grant = 7): JobCommand => ({ type: 'start', job, run, executor, grant });
const fail = (attempt: number): JobCommand => ({
  type: 'fail',
  job,
  attempt,
  reason: 'no',
  facts: { exit_code: 2 },
});

const given = (...events: JobEvent[]): JobState => fold(jobDecider, events);
const types = (command: JobCommand, state: JobState): string[] =>
  jobDecider.decide(command, state).map((event) => event.type);

it('makes a reason readable that names a file whose name is not UTF-8', () => {
  const command: JobCommand = {
    type: 'fail',
    job,
    attempt: 1,
    reason: 'bad\udcffname\0',
    facts: { warnings: ['\udc80'] },
  };
  expect(jobDecider.decide(command, given(started(1, 'a')))).toMatchObject([
    { data: { reason: 'bad\uFFFDname\uFFFD', warnings: ['\uFFFD'] } },
  ]);
});

describe('the start of an attempt', () => {
  it('gives a new job attempt 1', () => {
    expect(jobDecider.decide(start('a'), initialJobState)).toEqual([started(1, 'a')]);
  });
  it('follows a lost attempt with the next number', () => {
    expect(jobDecider.decide(start('b'), given(started(1, 'a'), lost(1)))).toEqual([started(2, 'b')]);
  });
  it('takes a job over whose executor is gone, and records that', () => {
    const takeOver: JobCommand = { type: 'start', job, run, grant: 7, executor: 'b', insteadOf: 1 };
    expect(types(takeOver, given(started(1, 'a')))).toEqual(['job-attempt-lost', 'job-started']);
  });
  it('is refused to the second of two executors that take a job over', () => {
    const takeOver: JobCommand = { type: 'start', job, run, grant: 7, executor: 'c', insteadOf: 1 };
    expect(() => jobDecider.decide(takeOver, given(started(1, 'a'), lost(1), started(2, 'b')))).toThrow(
      /b has this job/,
    );
  });
  it.each(['a', 'b'])('a job that runs is not started by %s without knowing that its executor is gone', (executor) => {
    expect(() => jobDecider.decide(start(executor), given(started(1, 'a')))).toThrow(/a has this job/);
  });
  it.each<[string, JobEvent[]]>([
    ['pauses', [started(1, 'a'), paused(1)]],
    ['waits for another grant', [started(1, 'a'), paused(1), { type: 'job-pause-ended', data: { job, attempt: 1 } }]],
    ['lost an attempt under a later grant', [started(1, 'a'), paused(1), started(2, 'b'), lost(2)]],
  ])('is refused under a grant that was given up, for a job that %s', (_name, events) => {
    expect(() => jobDecider.decide(start('b'), given(...events))).toThrow(/given up its grant 7/);
    expect(types(start('b', 8), given(...events))).toEqual(['job-started']);
  });
  it('does not take a job over by a message of a grant that was given up', () => {
    const takeOver: JobCommand = { type: 'start', job, run, grant: 7, executor: 'c', insteadOf: 2 };
    const state = given(started(1, 'a'), paused(1), started(2, 'b'));
    expect(() => jobDecider.decide(takeOver, state)).toThrow(/given up/);
    expect(types({ ...takeOver, grant: 8 }, state)).toEqual(['job-attempt-lost', 'job-started']);
  });
  it('is refused for a job that is over', () => {
    expect(() => jobDecider.decide(start('b'), given(started(1, 'a'), failed))).toThrow(/over already: failed/);
  });
});

describe('the command give-up', () => {
  const giveUp: JobCommand = { type: 'give-up', job, grant: 7, reason: 'too often' };
  it.each([
    ['never started', given(), 0],
    ['lost', given(started(1, 'a'), lost(1)), 1],
    ['running', given(started(1, 'a')), 1],
  ])('ends a job that is %s', (_name, state, attempt) => {
    expect(jobDecider.decide(giveUp, state)).toMatchObject([
      { type: 'job-failed', data: { attempt, status: 'error' } },
    ]);
  });
  it('records nothing for a job that is over, or whose grant was given up', () => {
    expect(jobDecider.decide(giveUp, given(started(1, 'a'), failed))).toEqual([]);
    expect(jobDecider.decide(giveUp, given(started(1, 'a'), paused(1)))).toEqual([]);
  });
});

describe('a command of an attempt', () => {
  const endings: readonly [string, JobCommand, string][] = [
    ['fail', fail(1), 'job-failed'],
    ['release-for-retry', { type: 'release-for-retry', job, attempt: 1, reason: 'stopping' }, 'job-attempt-lost'],
    ['cancel', { type: 'cancel', job, attempt: 1, reason: 'asked to' }, 'job-canceled'],
    [
      'succeed',
      { type: 'succeed', job, attempt: 1, repository: null, client: null, result: EMPTY_RESULT },
      'job-succeeded',
    ],
  ];
  it.each(endings)('%s is recorded', (_name, command, type) => {
    expect(types(command, given(started(1, 'a')))).toEqual([type]);
  });
  it('release-for-retry says until when the job pauses, and which grant it gives up', () => {
    const pause = { until: UNTIL, grant: 7 };
    const command: JobCommand = { type: 'release-for-retry', job, attempt: 1, reason: 'gone', transport: true, pause };
    expect(jobDecider.decide(command, given(started(1, 'a')))).toEqual([paused(1)]);
  });
  it.each(endings)('%s is refused to an attempt that was taken over', (_name, command) => {
    expect(() => jobDecider.decide(command, given(started(1, 'a'), lost(1), started(2, 'b')))).toThrow(/not running/);
  });
  it.each(endings)('%s is refused once the job is over', (_name, command) => {
    expect(() => jobDecider.decide(command, given(started(1, 'a'), failed))).toThrow(/not running/);
  });
});
