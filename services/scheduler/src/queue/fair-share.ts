import type { QueuedJob, QueueEntry } from './queue-entry.ts';

/** What a policy has been granted. */
export interface FairShare {
  /** Grants that it holds now. */
  held: number;
  /** Number of its latest grant, ascending over all policies; 0 = no recent one. */
  lastGrant: number;
}

/** manual = launched by a user; unneeded = a preparation for jobs that have all ended. In the order of their grants. */
export const URGENCIES = ['manual', 'scheduled', 'unneeded'] as const;
export type Urgency = (typeof URGENCIES)[number];

/**
 * A preparation that nobody asked for is as urgent as the most urgent of the jobs that need it, whatever run they belong to: one
 * that a schedule started does not hold up what a user launched, and one that no job needs any more is in nobody's way. See docs/decisions/0032-preparations-are-shared.md.
 */
export const urgencyOf = ({
  job: { isForOthers, manual },
  openDependents,
  openManualDependents,
}: Pick<QueueEntry, 'openDependents' | 'openManualDependents'> & {
  readonly job: Pick<QueuedJob, 'isForOthers' | 'manual'>;
}): Urgency => {
  if (!isForOthers) return manual ? 'manual' : 'scheduled';
  if (openManualDependents > 0) return 'manual';
  return openDependents > 0 ? 'scheduled' : 'unneeded';
};

/** A job that could be granted, and the share of its policy. */
export interface Candidate {
  readonly job: Pick<QueuedJob, 'id'>;
  readonly urgency: Urgency;
  readonly share: Readonly<FairShare>;
}

/**
 * The order in which the queue grants: jobs that a user launched before scheduled ones, and before those that nobody needs any
 * more; then the policy that holds the fewest grants; then the policy whose latest grant is the oldest; then the oldest job. See
 * docs/decisions/0012-an-occurrence-is-a-run-or-an-event.md.
 */
export const compareCandidates = (a: Candidate, b: Candidate): number =>
  URGENCIES.indexOf(a.urgency) - URGENCIES.indexOf(b.urgency) ||
  a.share.held - b.share.held ||
  a.share.lastGrant - b.share.lastGrant ||
  a.job.id - b.job.id;
