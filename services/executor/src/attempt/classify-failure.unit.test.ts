import { BorgOutputError, SshError, type SshErrorKind } from '@cyborgbackup/borg';
import { InfrastructureError } from '@cyborgbackup/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
const ssh = (kind: SshErrorKind): SshError => new SshError(kind, `ssh: ${kind}`);

describe('a failed connection', () => {
  it.each<SshErrorKind>(['unknown-host', 'refused', 'unreachable', 'timeout', 'protocol', 'lost', 'unheard'])(
    'of the kind %s is retried a few times, at growing intervals',
    (kind) => {
      const actionAfter = (transportFailures: number): unknown =>
        classifyFailure(ended(ssh(kind), { transportFailures }));
      expect(actionAfter(0)).toEqual({
        kind: 'release-for-retry',
        reason: `ssh: ${kind}`,
        transport: true,
        retryMillis: 10_000,
      });
      expect(actionAfter(1)).toMatchObject({ kind: 'release-for-retry', transport: true, retryMillis: 30_000 });
      expect(actionAfter(2)).toMatchObject({
        kind: 'fail',
        failure: { message: `ssh: ${kind} It was tried 3 times.`, facts: { transport: true } },
      });
    },
  );
  it('a failed connection may also be reported by borg', () => {
    const failure = new JobFailure('closed', { transport: true });
    expect(classifyFailure(ended(failure))).toMatchObject({ kind: 'release-for-retry', transport: true });
    expect(classifyFailure(ended(failure, { maxAttempts: 1 }))).toEqual({ kind: 'fail', failure });
  });
  it('a failed connection is retried after ten minutes at the latest, and not more often than allowed', () => {
    fc.assert(
      fc.property(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 20 }), (transportFailures, maxAttempts) => {
        const action = classifyFailure(ended(ssh('lost'), { transportFailures, maxAttempts }));
        expect(action.kind).toBe(transportFailures + 1 < maxAttempts ? 'release-for-retry' : 'fail');
        if (action.kind === 'release-for-retry') expect(action.retryMillis).toBeLessThanOrEqual(600_000);
      }),
    );
  });
});

it.each<[string, unknown]>([
  ['a refused key', ssh('auth')],
  ['a changed host key', ssh('host-key')],
  ['an account without a shell', ssh('no-shell')],
  ['output of borg that cannot be read', new BorgOutputError("Borg's result cannot be read.")],
  ['what borg says', new JobFailure('The passphrase is wrong.', { exit_code: 2 })],
])('%s fails the job at once', (_name, error) => {
  expect(classifyFailure(ended(error))).toMatchObject({ kind: 'fail', failure: { message: (error as Error).message } });
});

it('ends the job as an error after a defect of ours', () => {
  const action = classifyFailure(ended(new TypeError('x is not a function')));
  expect(action).toMatchObject({ kind: 'fail', failure: { facts: { status: 'error' } } });
});

it('retries after an infrastructure error, with a longer delay each time', () => {
  const trouble = new InfrastructureError('unavailable', 'The log is away.');
  const actionAfter = (attempt: number, transportFailures = 0): unknown =>
    classifyFailure(ended(trouble, { attempt, transportFailures }));
  expect(actionAfter(1)).toEqual({
    kind: 'release-for-retry',
    reason: 'The log is away.',
    transport: false,
    retryMillis: 5_000,
  });
  expect(actionAfter(3)).toMatchObject({ retryMillis: 45_000 });
  expect(actionAfter(3, 2)).toMatchObject({ retryMillis: 5_000 });
});

it('gives a job up in the end when the infrastructure stays away', () => {
  const trouble = new InfrastructureError('deadline', 'The catalog did not answer.');
  const actionAfter = (attempt: number, transportFailures: number): unknown =>
    classifyFailure(ended(trouble, { attempt, transportFailures, maxAttempts: 20 }));
  expect(actionAfter(19, 0)).toMatchObject({ kind: 'release-for-retry' });
  expect(actionAfter(20, 1)).toMatchObject({ kind: 'release-for-retry' });
  expect(actionAfter(20, 0)).toMatchObject({
    kind: 'fail',
    failure: {
      message: expect.stringMatching(/^Given up after 20 attempts.*did not answer/),
      facts: { status: 'error' },
    },
  });
});

describe('an attempt that was stopped', () => {
  it.each([
    ['canceled', { kind: 'cancel' }],
    ['taken-over', { kind: 'release-for-retry', transport: false, retryMillis: 0 }],
    ['cut-off', { kind: 'release-for-retry', transport: false, retryMillis: 0 }],
    ['overtime', { kind: 'fail', failure: { message: expect.stringMatching(/600 seconds/) } }],
  ] as const)('as %s has its own action', (stop, action) => {
    // Whatever the stop made of borg and its connection.
    for (const error of [new JobStopped(), ssh('lost'), new Error('x')]) {
      expect(classifyFailure(ended(error, { stop, isShuttingDown: true, totalTimeout: 600 }))).toMatchObject(action);
    }
  });
  it('an attempt that the end of its executor stops is retried elsewhere at once', () => {
    expect(classifyFailure(ended(new JobStopped(), { isShuttingDown: true }))).toMatchObject({
      kind: 'release-for-retry',
      transport: false,
      retryMillis: 0,
    });
  });
});
