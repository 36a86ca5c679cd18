import type { schedulerCommands } from '@cyborgbackup/contracts';
import type { z } from 'zod';
import { isFull, isHandedOut } from './decide-slots.ts';
import type { Queue } from './queue.ts';
import type { QueuedJob, QueueEntry } from './queue-entry.ts';
import { inServingOrder } from './turn.ts';

export type Explanation = z.output<typeof schedulerCommands.explain.output>;

/** What the queue itself does not know. */
export interface Surroundings {
  /** As in `SlotLimits`. */
  readonly maxRunning: number;
  /** Whether any executor is there; undefined when that is not known. */
  readonly hasExecutors: boolean | undefined;
}

const named = ({ id, uuid, name }: QueuedJob): Explanation['blocked_by'][number] => ({ id, uuid, name });

const listed = (jobs: readonly QueuedJob[]): string => {
  const names = jobs.slice(0, 3).map(({ name }) => `"${name}"`);
  return jobs.length > 3 ? `${names.join(', ')} and ${jobs.length - 3} more` : names.join(' and ');
};

const explainWaiting = (queue: Queue, { unmet }: QueueEntry): Explanation => {
  const needs = [...unmet].flatMap((uuid) => queue.entries.get(uuid)?.job ?? []);
  return { state: 'waiting', reason: `It needs ${listed(needs)} to succeed.`, blocked_by: needs.map(named), ahead: 0 };
};

/** Jobs that want the same repository (or else the same client) and will be served before this one, in their order. */
const jobsAhead = (queue: Queue, { job }: QueueEntry): readonly QueuedJob[] => {
  const inLine = [...queue.entries.values()].flatMap(({ stage, job: other }) => {
    const isSame = job.repository === null ? other.client === job.client : other.repository === job.repository;
    return stage === 'ready' && isSame ? [other] : [];
  });
  const order = inServingOrder(inLine, queue.lanes.turnOf);
  return order.slice(
    0,
    order.findIndex(({ uuid }) => uuid === job.uuid),
  );
};

/** Says why others go first: somebody launched them, or their policies are served in turn. */
const describeLine = (job: QueuedJob, ahead: readonly QueuedJob[]): string => {
  if (ahead.length === 0) return '';
  const manual = job.manual ? 0 : ahead.filter((other) => other.manual).length;
  const inTurn = ahead.filter(
    ({ policy, id, manual: isManual }) => isManual === job.manual && policy !== job.policy && id > job.id,
  );
  const reasons = [
    ...(manual > 0 ? [`${manual} launched by somebody`] : []),
    ...(inTurn.length > 0 ? [`${inTurn.length} of other policies, which take turns`] : []),
  ];
  return ` Jobs ahead of it: ${ahead.length}${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}.`;
};

const NO_EXECUTOR = 'no executor is there: start one';

/** What keeps every job of the queue from being granted. */
const describeLimit = (queue: Queue, { maxRunning, hasExecutors }: Surroundings): string | undefined => {
  if (isFull(queue, { maxRunning })) {
    return `All ${maxRunning} jobs that may run at once do (CYBORGBACKUP_MAX_RUNNING_JOBS).`;
  }
  if (!isHandedOut(queue)) return undefined;
  const count = queue.handedOut.size;
  return hasExecutors === false
    ? `${count} jobs wait for an executor already, and ${NO_EXECUTOR}.`
    : `${count} jobs wait for an executor already: start more, or give them more slots (CYBORGBACKUP_EXECUTOR_SLOTS).`;
};

const explainReady = (queue: Queue, entry: QueueEntry, surroundings: Surroundings): Explanation => {
  const { repository, client } = entry.job;
  const line = jobsAhead(queue, entry);
  const inLine = describeLine(entry.job, line);
  const ahead = line.length;
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
  const reason =
    describeLimit(queue, surroundings) ??
    (ahead > 0 ? 'It waits for its turn.' : 'Nothing is in its way: the scheduler starts it in a moment.');
  return { state: 'pending', reason: `${reason}${inLine}`, blocked_by: [], ahead };
};

/** It may run, and does not. */
const describeGranted = ({ lost }: QueueEntry, { hasExecutors }: Surroundings): string => {
  const retry = lost === undefined ? '' : `Its last attempt was lost: ${lost} `;
  if (hasExecutors === false) return `${retry}It may run, but ${NO_EXECUTOR}.`;
  if (lost !== undefined) return `${retry}It is tried again by itself, after a pause that grows with each attempt.`;
  return hasExecutors === undefined
    ? 'It may run, and waits for an executor: see whether one is running and has room.'
    : 'It may run, and waits for an executor that has room: start more, or give them more slots (CYBORGBACKUP_EXECUTOR_SLOTS).';
};

/** Why a job does not run yet. A job that the queue does not know has ended with its whole run. */
export const explainWait = (queue: Queue, job: string, surroundings: Surroundings): Explanation => {
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
      return explainReady(queue, entry, surroundings);
    case 'granted':
      return now('granted', describeGranted(entry, surroundings));
    case 'running':
      return now('running', 'An executor is running it.');
    case 'ended':
    case undefined:
      return now(
        'ended',
        entry?.awaitsExtension ? 'It has ended, and its machines get their jobs in a moment.' : 'It has ended.',
      );
  }
};
