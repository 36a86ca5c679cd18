import type { schedulerCommands } from '@cyborgbackup/contracts';
import { listNames } from '@cyborgbackup/kernel';
import type { z } from 'zod';
import { isFull, isHandedOut } from '../queue/decide-slots.ts';
import { countAhead, type Ahead, type Line } from './line-ahead.ts';
import type { AskedJob, Holders, NamedJob, SlotCounts } from './wait-facts.ts';

export type Explanation = z.output<typeof schedulerCommands.explain.output>;

/** What keeps jobs from being granted, beside others that use the same. */
export interface Limits extends SlotCounts {
  /** As in `SlotLimits`. */
  readonly maxRunning: number;
  /** Whether any executor is there; undefined when that is not known. */
  readonly hasExecutors: boolean | undefined;
}

const named = ({ id, uuid, name }: NamedJob): Explanation['blocked_by'][number] => ({ id, uuid, name });

const listed = (jobs: readonly NamedJob[]): string => {
  const names = jobs.map(({ name }) => `"${name}"`);
  return names.length > 3 ? listNames(names, 3) : names.join(' and ');
};

const alone = (state: Explanation['state'], reason: string): Explanation => ({
  state,
  reason,
  blocked_by: [],
  ahead: 0,
});

/** Of a job that needs these to succeed first. */
export const explainWaiting = (needs: readonly NamedJob[]): Explanation => ({
  ...alone('waiting', `It needs ${listed(needs)} to succeed.`),
  blocked_by: needs.map(named),
});

/** Says why others go first: somebody launched them, or their policies are served in turn. */
const describeLine = ({ jobs, manual, inTurn }: Ahead): string => {
  if (jobs === 0) return '';
  const reasons = [
    ...(manual > 0 ? [`${manual} launched by somebody`] : []),
    ...(inTurn > 0 ? [`${inTurn} of other policies, which take turns`] : []),
  ];
  return ` Jobs ahead of it: ${jobs}${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}.`;
};

const NO_EXECUTOR = 'no executor is there: start one';

/** What keeps every job of the queue from being granted. */
const describeLimit = ({ maxRunning, hasExecutors, ...slots }: Limits): string | undefined => {
  if (isFull(slots.running, { maxRunning })) {
    return `All ${maxRunning} jobs that may run at once do (CYBORGBACKUP_MAX_RUNNING_JOBS).`;
  }
  if (!isHandedOut(slots.handedOut)) return undefined;
  return hasExecutors === false
    ? `${slots.handedOut} jobs wait for an executor already, and ${NO_EXECUTOR}.`
    : `${slots.handedOut} jobs wait for an executor already: start more, or give them more slots (CYBORGBACKUP_EXECUTOR_SLOTS).`;
};

/** What a job that may be granted waits for. */
export interface ReadyFacts {
  readonly job: Pick<AskedJob, 'policy' | 'manual'>;
  readonly holders: Holders;
  readonly lines: readonly Line[];
  readonly limits: Limits;
}

export const explainReady = ({ job, holders, lines, limits }: ReadyFacts): Explanation => {
  const ahead = countAhead(lines, job);
  const inLine = describeLine(ahead);
  const pending = (reason: string, blockers: readonly NamedJob[]): Explanation => ({
    state: 'pending',
    reason: `${reason}${inLine}`,
    blocked_by: blockers.map(named),
    ahead: ahead.jobs,
  });
  const { repository, client } = holders;
  if (repository) return pending(`Its repository is used by "${repository.name}".`, [repository]);
  if (client) return pending(`Its client is used by "${client.name}".`, [client]);
  const turn =
    ahead.jobs > 0 ? 'It waits for its turn.' : 'Nothing is in its way: the scheduler starts it in a moment.';
  return pending(describeLimit(limits) ?? turn, []);
};

const describeGranted = (lost: string | undefined, hasExecutors: boolean | undefined): string => {
  const retry = lost === undefined ? '' : `Its last attempt was lost: ${lost} `;
  if (hasExecutors === false) return `${retry}It may run, but ${NO_EXECUTOR}.`;
  if (lost !== undefined)
    return `${retry}It is tried again by itself, after a pause that grows with each attempt; until then it does not count as running.`;
  return hasExecutors === undefined
    ? 'It may run, and waits for an executor: see whether one is running and has room.'
    : 'It may run, and waits for an executor that has room: start more, or give them more slots (CYBORGBACKUP_EXECUTOR_SLOTS).';
};

/** Of a job that may run, and does not. */
export const explainGranted = (
  { attempt, reason }: Pick<AskedJob, 'attempt' | 'reason'>,
  hasExecutors: boolean | undefined,
): Explanation => alone('granted', describeGranted(attempt > 0 ? reason : undefined, hasExecutors));

export const explainRunning = (): Explanation => alone('running', 'An executor is running it.');

export const explainEnded = ({ awaits_extension }: Pick<AskedJob, 'awaits_extension'>): Explanation =>
  alone('ended', awaits_extension ? 'It has ended, and its machines get their jobs in a moment.' : 'It has ended.');
