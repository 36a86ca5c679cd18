import { ORPHAN_MILLIS, SshError, type SshErrorKind } from '@cyborgbackup/borg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { outliveOrphans } from './outlive-orphans.ts';
import type { JobOutput } from '../output/job-output.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const outlive = (kind: SshErrorKind, signal = new AbortController().signal) => {
  const said: string[] = [];
  const output: Pick<JobOutput, 'write'> = { write: (_kind, text) => void said.push(text) };
  let ended = false;
  const error = new SshError(kind, 'The connection broke.');
  void outliveOrphans({ output: output as JobOutput, signal }, error).catch(() => (ended = true));
  return { said, hasEnded: () => ended };
};

it('ends an attempt after a broken connection no sooner than what ran there', async () => {
  const { said, hasEnded } = outlive('lost');
  await vi.advanceTimersByTimeAsync(ORPHAN_MILLIS - 1);
  expect(hasEnded()).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(hasEnded()).toBe(true);
  expect(said).toEqual(['The connection broke. Waiting 69 s, until what ran there has ended.']);
});

it.each<SshErrorKind>(['refused', 'timeout', 'unheard'])('does not wait after the failure %s', async (kind) => {
  const { hasEnded } = outlive(kind);
  await vi.advanceTimersByTimeAsync(0);
  expect(hasEnded()).toBe(true);
});

it('does not wait when the attempt is stopped meanwhile', async () => {
  const stopping = new AbortController();
  const { hasEnded } = outlive('lost', stopping.signal);
  stopping.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect(hasEnded()).toBe(true);
});
