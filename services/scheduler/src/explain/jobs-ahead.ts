import { compareCandidates, URGENCIES, type Candidate, type FairShare, type Urgency } from '../queue/fair-share.ts';

/** Jobs of one policy that wait for the same repository or client, all as urgent. */
export interface PolicyBacklog extends FairShare {
  readonly policy: string;
  readonly urgency: Urgency;
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
 * the other and none is added. The whole queue is not loaded for it, so any scheduler can answer, not only the leader; that the
 * queue grants in this very order is tested by jobs-ahead.unit.test.ts.
 * @param backlogs all that wait for the same, its own among them
 */
export const countAhead = (
  backlogs: readonly PolicyBacklog[],
  own: Pick<PolicyBacklog, 'policy' | 'urgency'>,
): JobsAhead => {
  const isOwn = ({ policy, urgency }: PolicyBacklog): boolean => policy === own.policy && urgency === own.urgency;
  const ahead = { ...NONE };
  for (const { backlog, granted } of grantOrder(backlogs)) {
    if (isOwn(backlog) && granted === backlog.older) return ahead;
    ahead.jobs += 1;
    if (backlog.urgency !== own.urgency) ahead.manual += backlog.urgency === 'manual' ? 1 : 0;
    else if (!isOwn(backlog) && granted >= backlog.older) ahead.younger += 1;
  }
  return NONE;
};

const NONE: JobsAhead = { jobs: 0, manual: 0, younger: 0 };

interface BacklogCandidate extends Candidate {
  readonly backlog: PolicyBacklog;
  readonly share: FairShare;
  /** Jobs of the backlog that are granted already. */
  granted: number;
}

/**
 * The backlogs in the queue's own order of granting, each once for each of its jobs. A grant makes its policy the last one of
 * those that hold as many, so these take rounds, in which each gets one grant.
 */
function* grantOrder(backlogs: readonly PolicyBacklog[]): Generator<Readonly<BacklogCandidate>> {
  const shares = new Map(backlogs.map(({ policy, held, lastGrant }) => [policy, { held, lastGrant }]));
  let lastGrant = Math.max(0, ...backlogs.map((backlog) => backlog.lastGrant));
  // Several passes: a policy may have several backlogs, and grants of one change the share that the others are sorted by.
  for (const urgency of URGENCIES) {
    const candidates = backlogs
      .filter((backlog) => backlog.urgency === urgency)
      .map((backlog): BacklogCandidate => {
        const share = shares.get(backlog.policy) ?? { held: 0, lastGrant: 0 };
        return { backlog, share, urgency, job: { id: backlog.head }, granted: 0 };
      })
      .sort(compareCandidates);
    for (const group of Map.groupBy(candidates, ({ share }) => share.held).values()) {
      for (const candidate of inRounds(group)) {
        yield candidate;
        lastGrant += 1;
        candidate.share.lastGrant = lastGrant;
      }
    }
  }
}

function* inRounds(candidates: readonly BacklogCandidate[]): Generator<BacklogCandidate> {
  const hasJobs = ({ granted, backlog }: BacklogCandidate): boolean => granted < backlog.jobs;
  for (let round = candidates; round.length > 0; round = round.filter(hasJobs)) {
    for (const candidate of round) {
      yield candidate;
      candidate.granted += 1;
    }
  }
}
