import { SshError, type SshErrorKind } from '@cyborgbackup/borg';
import { AppError } from '@cyborgbackup/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JobFailure, JobStopped } from './job-failure.ts';
import { judgeAttempt, type FailedAttempt } from './judge-attempt.ts';

const ended = (error: unknown, changes: Partial<FailedAttempt> = {}): FailedAttempt => ({
  error,
  stop: undefined,
  isWinding: false,
  attempt: 1,
  transportFailures: 0,
  maxAttempts: 3,
  totalTimeout: null,
  ...changes,
});
const ssh = (kind: SshErrorKind): SshError => new SshError(kind, `ssh: ${kind}`);

describe('a failed connection', () => {
  test.each<SshErrorKind>(['unknown-host', 'refused', 'unreachable', 'timeout', 'protocol', 'lost'])(
    '%s is tried again, a few times, at growing intervals',
    (kind) => {
      const judge = (transportFailures: number): unknown => judgeAttempt(ended(ssh(kind), { transportFailures }));
      expect(judge(0)).toEqual({ do: 'lose', reason: `ssh: ${kind}`, transport: true, retryMillis: 10_000 });
      expect(judge(1)).toMatchObject({ do: 'lose', transport: true, retryMillis: 30_000 });
      expect(judge(2)).toMatchObject({
        do: 'fail',
        failure: { message: `ssh: ${kind} It was tried 3 times.`, facts: { transport: true } },
      });
    },
  );
  test('that borg reports is one too', () => {
    const failure = new JobFailure('closed', { transport: true });
    expect(judgeAttempt(ended(failure))).toMatchObject({ do: 'lose', transport: true });
    expect(judgeAttempt(ended(failure, { maxAttempts: 1 }))).toEqual({ do: 'fail', failure });
  });
  test('is never waited for longer than ten minutes, nor tried more often than allowed', () => {
    fc.assert(
      fc.property(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 20 }), (transportFailures, maxAttempts) => {
        const verdict = judgeAttempt(ended(ssh('lost'), { transportFailures, maxAttempts }));
        expect(verdict.do).toBe(transportFailures + 1 < maxAttempts ? 'lose' : 'fail');
        if (verdict.do === 'lose') expect(verdict.retryMillis).toBeLessThanOrEqual(600_000);
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
  expect(judgeAttempt(ended(error))).toMatchObject({ do: 'fail', failure: { message: (error as Error).message } });
});

test('a defect of ours ends the job as an error', () => {
  const verdict = judgeAttempt(ended(new TypeError('x is not a function')));
  expect(verdict).toMatchObject({ do: 'fail', failure: { facts: { status: 'error' } } });
});

test('trouble of our own parts is waited for, longer each time', () => {
  const trouble = new AppError('unavailable', 'The log is away.');
  const judge = (attempt: number, transportFailures = 0): unknown =>
    judgeAttempt(ended(trouble, { attempt, transportFailures }));
  expect(judge(1)).toEqual({ do: 'lose', reason: 'The log is away.', transport: false, retryMillis: 5_000 });
  expect(judge(3)).toMatchObject({ retryMillis: 45_000 });
  expect(judge(3, 2)).toMatchObject({ retryMillis: 5_000 });
});

describe('an attempt that was stopped', () => {
  test.each([
    ['canceled', { do: 'cancel' }],
    ['taken-over', { do: 'lose', transport: false, retryMillis: 0 }],
    ['cut-off', { do: 'lose', transport: false, retryMillis: 0 }],
    ['overtime', { do: 'fail', failure: { message: expect.stringMatching(/600 seconds/) } }],
  ] as const)('%s', (stop, verdict) => {
    // Whatever the stop made of borg and its connection.
    for (const error of [new JobStopped('stopped'), ssh('lost'), new Error('x')]) {
      expect(judgeAttempt(ended(error, { stop, isWinding: true, totalTimeout: 600 }))).toMatchObject(verdict);
    }
  });
  test('by the end of its executor goes on elsewhere at once', () => {
    expect(judgeAttempt(ended(new JobStopped('x'), { isWinding: true }))).toMatchObject({
      do: 'lose',
      transport: false,
      retryMillis: 0,
    });
  });
});
