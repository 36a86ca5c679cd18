import type { RpcOutput, schedulerCommands } from '@cyborgbackup/contracts';
import { listNames } from '@cyborgbackup/kernel';
import { isFull, isHandedOut } from '../queue/decide-grants.ts';
import type { ExplainedJob, GrantCounts, Holders, NamedJob, RetriedJob } from './explained-job.ts';
import { countAhead, type JobsAhead, type PolicyBacklog } from './jobs-ahead.ts';

export type Explanation = RpcOutput<typeof schedulerCommands.explain>;

const named = ({ id, uuid, name }: NamedJob): Explanation['blocked_by'][number] => ({ id, uuid, name });

const quoteNames = (jobs: readonly NamedJob[]): string => {
  const names = jobs.map(({ name }) => `"${name}"`);
  return names.length > 3 ? listNames(names, 3) : names.join(' and ');
};

/** A job that no other one keeps from running. */
export const unblocked = (state: Explanation['state'], reason: string): Explanation => ({
  state,
  reason,
  blocked_by: [],
  ahead: 0,
});

const describeLoss = ({ loss }: Pick<RetriedJob, 'loss'>): string =>
  loss === '' ? '' : `Its last attempt was lost: ${loss} `;

/** A job whose dependencies, these, have not succeeded yet. */
export const explainWaiting = (unmet: readonly RetriedJob[]): Explanation => {
  const pausing = unmet.find(({ paused_until }) => paused_until !== null);
  const retry = pausing
    ? ` "${pausing.name}" is tried again at ${pausing.paused_until}; its last attempt was lost: ${pausing.loss}`
    : '';
  return { ...unblocked('waiting', `It needs ${quoteNames(unmet)} to succeed.${retry}`), blocked_by: unmet.map(named) };
};

/** A job that pauses before its next attempt. */
export const explainPausing = (job: Pick<RetriedJob, 'loss' | 'paused_until'>): Explanation =>
  unblocked(
    'pausing',
    `${describeLoss(job)}It is tried again at ${job.paused_until}; until then its repository and its client are free for others.`,
  );

const describeUrgency = ({ urgency }: Pick<ExplainedJob, 'urgency'>): string =>
  urgency === 'unneeded' ? 'No job needs it any more, so all others go first. ' : '';

/** Says why other jobs go first: a user launched them, or policies share the repository fairly. */
const describeAhead = ({ jobs, manual, younger }: JobsAhead): string => {
  if (jobs === 0) return '';
  const reasons = [
    ...(manual > 0 ? [`${manual} launched by somebody`] : []),
    ...(younger > 0 ? [`${younger} of other policies, which take turns`] : []),
  ];
  return ` Jobs ahead of it: ${jobs}${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}.`;
};

/** What keeps all jobs of the queue from being granted. */
export interface GrantObstacles extends GrantCounts {
  /** See `GrantLimits`. */
  readonly maxRunning: number;
  /** Whether any executor is connected; undefined when that is not known. */
  readonly hasExecutors: boolean | undefined;
}

const NO_EXECUTOR = 'no executor is there: start one';

const describeObstacle = ({ maxRunning, running, handedOut, hasExecutors }: GrantObstacles): string | undefined => {
  if (isFull(running, { maxRunning })) {
    return `All ${maxRunning} jobs that may run at once do (CYBORGBACKUP_MAX_RUNNING_JOBS).`;
  }
  if (!isHandedOut(handedOut)) return undefined;
  return hasExecutors === false
    ? `${handedOut} jobs wait for an executor already, and ${NO_EXECUTOR}.`
    : `${handedOut} jobs wait for an executor already: start more, or raise CYBORGBACKUP_EXECUTOR_CONCURRENCY.`;
};

export interface ReadyJob {
  readonly job: Pick<ExplainedJob, 'policy' | 'urgency' | 'loss'>;
  readonly holders: Holders;
  readonly backlogs: readonly PolicyBacklog[];
  readonly obstacles: GrantObstacles;
}

/** A job that waits for its repository, its client or its policy's share. */
export const explainReady = ({ job, holders, backlogs, obstacles }: ReadyJob): Explanation => {
  const ahead = countAhead(backlogs, job);
  const pending = (reason: string, blockers: readonly NamedJob[]): Explanation => ({
    state: 'pending',
    reason: `${describeLoss(job)}${describeUrgency(job)}${reason}${describeAhead(ahead)}`,
    blocked_by: blockers.map(named),
    ahead: ahead.jobs,
  });
  const { repository, client } = holders;
  if (repository) return pending(`Its repository is used by "${repository.name}".`, [repository]);
  if (client) return pending(`Its client is used by "${client.name}".`, [client]);
  const otherwise =
    ahead.jobs > 0 ? 'It waits for its turn.' : 'Nothing is in its way: the scheduler starts it in a moment.';
  return pending(describeObstacle(obstacles) ?? otherwise, []);
};

const describeGranted = (hasExecutors: boolean | undefined): string => {
  if (hasExecutors === false) return `It may run, but ${NO_EXECUTOR}.`;
  return hasExecutors === undefined
    ? 'It may run, and waits for an executor: see whether one is running and has room.'
    : 'It may run, and waits for an executor that has room: start more, or raise CYBORGBACKUP_EXECUTOR_CONCURRENCY.';
};

/** A job that was handed to the executors, and that none has started. */
export const explainGranted = (job: Pick<ExplainedJob, 'loss'>, hasExecutors: boolean | undefined): Explanation =>
  unblocked('granted', `${describeLoss(job)}${describeGranted(hasExecutors)}`);

export const explainEnded = ({ awaits_extension }: Pick<ExplainedJob, 'awaits_extension'>): Explanation =>
  unblocked('ended', awaits_extension ? 'It has ended, and its machines get their jobs in a moment.' : 'It has ended.');
