import type { QueuedJob } from './queue-entry.ts';

/** What a policy has been granted. */
export interface FairShare {
  /** Grants that it holds now. */
  held: number;
  /** Number of its latest grant, ascending over all policies; 0 = no recent one. */
  lastGrant: number;
}

/** A job that could be granted, and the share of its policy. */
export interface Candidate {
  readonly job: Pick<QueuedJob, 'manual' | 'id'>;
  readonly share: Readonly<FairShare>;
}

/**
 * The order in which the queue grants: jobs that a user launched before scheduled ones; then the policy that holds the fewest
 * grants; then the policy whose latest grant is the oldest; then the oldest job. See
 * docs/decisions/0012-an-occurrence-is-a-run-or-an-event.md.
 */
export const compareCandidates = (a: Candidate, b: Candidate): number =>
  Number(b.job.manual) - Number(a.job.manual) ||
  a.share.held - b.share.held ||
  a.share.lastGrant - b.share.lastGrant ||
  a.job.id - b.job.id;
