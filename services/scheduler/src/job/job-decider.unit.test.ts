import { initialJobState, type JobEvent, type JobState } from '@cyborgbackup/contracts';
import { describe, expect, it } from 'vitest';
import { failed } from '../testing/job-events.ts';
import { jobDecider, type JobCommand } from './job-decider.ts';

const job = '7b4a3a86-3f5e-4b36-9a2e-6d9c9b1c7f01';
const state = (changes: Partial<JobState>): JobState => ({ ...initialJobState, ...changes });
const running = state({ status: 'running', attempt: 2, executor: 'e' });
const cancel: JobCommand = { type: 'cancel', job };
const skip: JobCommand = { type: 'skip', job, reason: 'Skipped.' };
const fail: JobCommand = { type: 'fail', job, reason: 'Not ready.' };
const pausedUntil = '2026-01-02T03:04:05.000Z';
const endPause: JobCommand = { type: 'end-pause', job, until: Date.parse(pausedUntil) };
const pausing = state({ attempt: 2, pausedUntil, minGrant: 8 });
const canceled = (attempt: number, reason: string): JobEvent => ({
  type: 'job-canceled',
  data: { job, attempt, reason },
});

describe('jobDecider', () => {
  it.each<[string, JobState, JobCommand, JobEvent[]]>([
    ['cancels a job that never started', initialJobState, cancel, [canceled(0, 'Canceled before it was started.')]],
    [
      'cancels a job between attempts',
      state({ attempt: 1 }),
      cancel,
      [canceled(1, 'Canceled before it was tried again.')],
    ],
    [
      'asks the executor of a running job to cancel it',
      running,
      cancel,
      [{ type: 'job-cancel-requested', data: { job } }],
    ],
    ['asks the executor of a running job only once', { ...running, cancelRequested: true }, cancel, []],
    ['skips a job that waits', initialJobState, skip, [canceled(0, 'Skipped.')]],
    ['fails a job that waits', initialJobState, fail, [failed(job, 'Not ready.', { attempt: 0, exit_code: null })]],
    ['cancels a job in its pause, at once', pausing, cancel, [canceled(2, 'Canceled before it was tried again.')]],
    ['ends a pause', pausing, endPause, [{ type: 'job-pause-ended', data: { job, attempt: 2 } }]],
    ['does not end a later pause', pausing, { ...endPause, until: 1 }, []],
    ['ends a pause once', { ...pausing, pausedUntil: undefined }, endPause, []],
    ['ends no pause of a job that runs', running, endPause, []],
    ['ends no pause of a job that was canceled in it', { ...pausing, status: 'canceled' }, endPause, []],
    ['does not skip a job that runs', running, skip, []],
    ['does not fail a job that has ended', state({ status: 'canceled' }), fail, []],
  ])('%s', (_name, given, command, expected) => {
    expect(jobDecider.decide(command, given)).toEqual(expected);
  });

  it.each(['successful', 'failed', 'error', 'canceled'] as const)('refuses to cancel a job that is %s', (status) => {
    expect(() => jobDecider.decide(cancel, state({ status }))).toThrow(`The job has ended already: it is ${status}.`);
  });
});
