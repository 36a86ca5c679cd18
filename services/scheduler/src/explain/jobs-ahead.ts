import { insertSorted } from '../collections/sorted-array.ts';
import { compareCandidates, type FairShare } from '../queue/fair-share.ts';

/** Jobs of one policy that wait for the same repository or client: either all of them launched by a user, or all scheduled. */
export interface PolicyBacklog extends FairShare {
  readonly policy: string;
  readonly manual: boolean;
  readonly jobs: number;
  /** The id of its first job. */
  readonly head: number;
  /** Jobs with a smaller id than the one that is asked about. */
  readonly older: number;
}

/** How many jobs are granted before one. */
export interface JobsAhead {
  readonly jobs: number;
  /** Of these, launched by a user while the one in question was not. */
  readonly manual: number;
  /** Of these, younger ones of other policies. */
  readonly younger: number;
}

/**
 * Counts the jobs that are granted before the one that has `older` jobs of its own backlog before it, if one job runs after
 * the other and none is added: it serves the backlogs in the queue's own order until that job comes. The whole queue is not
 * loaded for it, so any scheduler can answer, not only the leader; that the queue grants in this very order is tested by
 * jobs-ahead.unit.test.ts.
 * @param backlogs all that wait for the same, its own among them
 */
export const countAhead = (
  backlogs: readonly PolicyBacklog[],
  own: Pick<PolicyBacklog, 'policy' | 'manual'>,
): JobsAhead => {
  const shares = new Map(backlogs.map(({ policy, held, lastGrant }) => [policy, { policy, held, lastGrant }]));
  const isOwn = ({ policy, manual }: PolicyBacklog): boolean => policy === own.policy && manual === own.manual;
  const ahead = { jobs: 0, manual: 0, younger: 0 };
  if (!backlogs.some(isOwn)) return ahead;
  let grant = Math.max(...backlogs.map(({ lastGrant }) => lastGrant));
  // A policy may have two backlogs, of which the grants of one change the place of the other.
  for (const manual of own.manual ? [true] : [true, false]) {
    const waiting = backlogs
      .filter((backlog) => backlog.manual === manual)
      .map((backlog) => ({
        backlog,
        share: shares.get(backlog.policy) ?? backlog,
        job: { manual, id: backlog.head },
        granted: 0,
      }))
      .sort(compareCandidates);
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { backlog } = next;
      if (isOwn(backlog) && next.granted === backlog.older) return ahead;
      grant += 1;
      next.share.lastGrant = grant;
      next.granted += 1;
      ahead.jobs += 1;
      if (manual !== own.manual) ahead.manual += 1;
      else if (!isOwn(backlog) && next.granted > backlog.older) ahead.younger += 1;
      if (next.granted < backlog.jobs) insertSorted(waiting, next, compareCandidates);
    }
  }
  return ahead;
};
