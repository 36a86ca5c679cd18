import { SshError, type SshFailure } from '@cyborgbackup/borg';
import { AppError } from '@cyborgbackup/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JobFailure, JobStopped } from '../job/job-failure.ts';
import { classifyFailure, type FailedAttempt } from './classify-failure.ts';

const ended = (error: unknown, changes: Partial<FailedAttempt> = {}): FailedAttempt => ({
  error,
  stop: undefined,
  isShuttingDown: false,
  attempt: 1,
  transportFailures: 0,
  maxAttempts: 3,
  totalTimeout: null,
  ...changes,
});
const ssh = (kind: SshFailure): SshError => new SshError(kind, `ssh: ${kind}`);

describe('a failed connection', () => {
  test.each<SshFailure>(['unknown-host', 'refused', 'unreachable', 'timeout', 'protocol', 'lost'])(
    '%s is tried again, a few times, at growing intervals',
    (kind) => {
      const judge = (transportFailures: number): unknown => classifyFailure(ended(ssh(kind), { transportFailures }));
      expect(judge(0)).toEqual({
        kind: 'release-for-retry',
        reason: `ssh: ${kind}`,
        transport: true,
        retryMillis: 10_000,
      });
      expect(judge(1)).toMatchObject({ kind: 'release-for-retry', transport: true, retryMillis: 30_000 });
      expect(judge(2)).toMatchObject({
        kind: 'fail',
        failure: { message: `ssh: ${kind} It was tried 3 times.`, facts: { transport: true } },
      });
    },
  );
  test('that borg reports is one too', () => {
    const failure = new JobFailure('closed', { transport: true });
    expect(classifyFailure(ended(failure))).toMatchObject({ kind: 'release-for-retry', transport: true });
    expect(classifyFailure(ended(failure, { maxAttempts: 1 }))).toEqual({ kind: 'fail', failure });
  });
  test('is never waited for longer than ten minutes, nor tried more often than allowed', () => {
    fc.assert(
      fc.property(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 20 }), (transportFailures, maxAttempts) => {
        const action = classifyFailure(ended(ssh('lost'), { transportFailures, maxAttempts }));
        expect(action.kind).toBe(transportFailures + 1 < maxAttempts ? 'release-for-retry' : 'fail');
        if (action.kind === 'release-for-retry') expect(action.retryMillis).toBeLessThanOrEqual(600_000);
      }),
    );
  });
});

test.each<[string, unknown]>([
  ['a refused key', ssh('auth')],
  ['a changed host key', ssh('host-key')],
  ['an account without a shell', ssh('no-shell')],
  ['what borg says', new JobFailure('The passphrase is wrong.', { exitCode: 2 })],
])('%s fails the job at once', (_name, error) => {
  expect(classifyFailure(ended(error))).toMatchObject({ kind: 'fail', failure: { message: (error as Error).message } });
});

test('a defect of ours ends the job as an error', () => {
  const action = classifyFailure(ended(new TypeError('x is not a function')));
  expect(action).toMatchObject({ kind: 'fail', failure: { facts: { status: 'error' } } });
});

test('trouble of our own parts is waited for, longer each time', () => {
  const trouble = new AppError('unavailable', 'The log is away.');
  const judge = (attempt: number, transportFailures = 0): unknown =>
    classifyFailure(ended(trouble, { attempt, transportFailures }));
  expect(judge(1)).toEqual({
    kind: 'release-for-retry',
    reason: 'The log is away.',
    transport: false,
    retryMillis: 5_000,
  });
  expect(judge(3)).toMatchObject({ retryMillis: 45_000 });
  expect(judge(3, 2)).toMatchObject({ retryMillis: 5_000 });
});

describe('an attempt that was stopped', () => {
  test.each([
    ['canceled', { kind: 'cancel' }],
    ['taken-over', { kind: 'release-for-retry', transport: false, retryMillis: 0 }],
    ['cut-off', { kind: 'release-for-retry', transport: false, retryMillis: 0 }],
    ['overtime', { kind: 'fail', failure: { message: expect.stringMatching(/600 seconds/) } }],
  ] as const)('%s', (stop, action) => {
    // Whatever the stop made of borg and its connection.
    for (const error of [new JobStopped(), ssh('lost'), new Error('x')]) {
      expect(classifyFailure(ended(error, { stop, isShuttingDown: true, totalTimeout: 600 }))).toMatchObject(action);
    }
  });
  test('by the end of its executor goes on elsewhere at once', () => {
    expect(classifyFailure(ended(new JobStopped(), { isShuttingDown: true }))).toMatchObject({
      kind: 'release-for-retry',
      transport: false,
      retryMillis: 0,
    });
  });
});
