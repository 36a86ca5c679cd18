import { fold } from '@cyborgbackup/kernel';
import { describe, expect, it } from 'vitest';
import { initialJobState, isJobOver, jobEndOf, jobEvolver, type JobState } from './job-state.ts';
import type { JobEvent } from './job.ts';

const job = '7b4a3a86-3f5e-4b36-9a2e-6d9c9b1c7f01';
const run = '0d2f4f0e-7f5a-4f21-8c13-25c7d5c1a9b2';
const started = (attempt: number): JobEvent => ({
  type: 'job-started',
  data: { job, run, attempt, executor: `executor-${attempt}` },
});
const lost = (attempt: number): JobEvent => ({
  type: 'job-attempt-lost',
  data: { job, attempt, reason: 'gone', transport: false, pause: null },
});
const UNTIL = '2026-01-02T03:04:05.000Z';
const paused = (attempt: number, grant: number): JobEvent => ({
  type: 'job-attempt-lost',
  data: { job, attempt, reason: 'gone', transport: false, pause: { until: UNTIL, grant } },
});
const cancelRequested: JobEvent = { type: 'job-cancel-requested', data: { job } };
const failed = (status: 'failed' | 'error'): JobEvent => ({
  type: 'job-failed',
  data: {
    job,
    attempt: 1,
    status,
    reason: 'no such folder',
    exit_code: 2,
    warnings: [],
    archive: null,
    restored: null,
    drill: null,
    check: null,
  },
});
const succeeded: JobEvent = {
  type: 'job-succeeded',
  data: {
    job,
    attempt: 1,
    warnings: [],
    repository: null,
    client: null,
    archive: null,
    repository_sizes: null,
    pruned: [],
    machines: [],
    restored: null,
    drill: null,
    check: null,
  },
};
const canceled: JobEvent = { type: 'job-canceled', data: { job, attempt: 0, reason: 'by hand' } };

describe('the state of a job', () => {
  it.each<[string, JobEvent[], Partial<JobState>]>([
    ['is idle before its first event', [], {}],
    ['is running after it was started', [started(1)], { status: 'running', attempt: 1, executor: 'executor-1' }],
    ['is idle again after a lost attempt', [started(1), lost(1)], { attempt: 1, reason: 'gone' }],
    [
      'is running again when the next attempt starts',
      [started(1), lost(1), started(2)],
      { status: 'running', attempt: 2, executor: 'executor-2' },
    ],
    [
      'counts the attempts that the connection ended',
      [
        started(1),
        { type: 'job-attempt-lost', data: { job, attempt: 1, reason: 'reset', transport: true, pause: null } },
        started(2),
      ],
      { status: 'running', attempt: 2, executor: 'executor-2', transportFailures: 1 },
    ],
    [
      'gives its grant and all older ones up when it pauses',
      [started(1), paused(1, 7)],
      { attempt: 1, reason: 'gone', pausedUntil: UNTIL, minGrant: 8 },
    ],
    [
      'may start under a later grant once its pause has ended',
      [started(1), paused(1, 7), { type: 'job-pause-ended', data: { job, attempt: 1 } }],
      { attempt: 1, reason: 'gone', minGrant: 8 },
    ],
    [
      'keeps its grant when another executor goes on with it',
      [started(1), paused(1, 7), { type: 'job-pause-ended', data: { job, attempt: 1 } }, started(2), lost(2)],
      { attempt: 2, reason: 'gone', minGrant: 8 },
    ],
    [
      'keeps a cancel request when the attempt is lost',
      [started(1), cancelRequested, lost(1)],
      { attempt: 1, cancelRequested: true, reason: 'gone' },
    ],
    ['is successful after job-succeeded', [started(1), succeeded], { status: 'successful', attempt: 1 }],
    [
      'is failed after job-failed',
      [started(1), failed('failed')],
      { status: 'failed', attempt: 1, reason: 'no such folder' },
    ],
    [
      'is error after job-failed with the status error',
      [failed('error')],
      { status: 'error', reason: 'no such folder' },
    ],
    ['is canceled after job-canceled', [canceled], { status: 'canceled', reason: 'by hand' }],
  ])('%s', (_name, events, expected) => {
    const state = fold(jobEvolver, events);
    expect(state).toEqual({ ...initialJobState, ...expected });
    expect(isJobOver(state)).toBe(!['idle', 'running'].includes(state.status));
    expect(jobEndOf(events.at(-1) ?? started(1))).toBe(isJobOver(state) ? state.status : undefined);
  });
});
