import type { schedulerCommands } from '@cyborgbackup/contracts';
import type { z } from 'zod';
import type { Queue } from './queue.ts';
import type { QueuedJob, QueueEntry } from './queue-entry.ts';

export type Explanation = z.output<typeof schedulerCommands.explain.output>;

const named = ({ id, uuid, name }: QueuedJob): Explanation['blocked_by'][number] => ({ id, uuid, name });

const listed = (jobs: readonly QueuedJob[]): string => {
  const names = jobs.slice(0, 3).map(({ name }) => `"${name}"`);
  return jobs.length > 3 ? `${names.join(', ')} and ${jobs.length - 3} more` : names.join(' and ');
};

const explainWaiting = (queue: Queue, { unmet }: QueueEntry): Explanation => {
  const needs = [...unmet].flatMap((uuid) => queue.entries.get(uuid)?.job ?? []);
  return { state: 'waiting', reason: `It needs ${listed(needs)} to succeed.`, blocked_by: needs.map(named), ahead: 0 };
};

/** Jobs that want the same repository (or else the same client) and come before this one. */
const countAhead = (queue: Queue, { job }: QueueEntry): number => {
  let ahead = 0;
  for (const { stage, job: other } of queue.entries.values()) {
    const isSameLine = job.repository === null ? other.client === job.client : other.repository === job.repository;
    const isBefore = other.manual === job.manual ? other.id < job.id : other.manual;
    if (stage === 'ready' && isSameLine && isBefore) ahead += 1;
  }
  return ahead;
};

const explainReady = (queue: Queue, entry: QueueEntry, maxRunning: number): Explanation => {
  const { repository, client } = entry.job;
  const ahead = countAhead(queue, entry);
  const inLine = ahead > 0 ? ` Jobs ahead of it: ${ahead}.` : '';
  const blockedBy = (what: string, holder: QueuedJob): Explanation => ({
    state: 'pending',
    reason: `Its ${what} is used by "${holder.name}".${inLine}`,
    blocked_by: [named(holder)],
    ahead,
  });
  const user = queue.lanes.holderOf(repository);
  if (user) return blockedBy('repository', user);
  const other = queue.lanes.holderOf(client);
  if (other) return blockedBy('client', other);
  const isFull = maxRunning > 0 && queue.granted >= maxRunning;
  const reason = isFull
    ? `All ${maxRunning} jobs that may run at once do (CYBORGBACKUP_MAX_RUNNING_JOBS).`
    : 'Nothing is in its way: the scheduler starts it in a moment.';
  return { state: 'pending', reason: `${reason}${inLine}`, blocked_by: [], ahead };
};

const GRANTED = 'It may run, and waits for an executor: see whether one is running and has room.';

/** Why a job does not run yet. A job that the queue does not know has ended with its whole run. */
export const explainWait = (queue: Queue, job: string, { maxRunning }: { maxRunning: number }): Explanation => {
  const entry = queue.entries.get(job);
  const now = (state: Explanation['state'], reason: string): Explanation => ({
    state,
    reason,
    blocked_by: [],
    ahead: 0,
  });
  switch (entry?.stage) {
    case 'waiting':
      return explainWaiting(queue, entry);
    case 'ready':
      return explainReady(queue, entry, maxRunning);
    case 'granted':
      return now('granted', GRANTED);
    case 'running':
      return now('running', 'An executor is running it.');
    case 'ended':
    case undefined:
      return now('ended', 'It has ended.');
  }
};
