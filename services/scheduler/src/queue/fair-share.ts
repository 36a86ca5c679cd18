import type { QueuedJob } from './queue-entry.ts';

/** What a policy had of late. */
export interface Turn {
  /** Slots it has now. */
  held: number;
  /** Number of its latest grant; 0 when that is long ago. */
  lastGrant: number;
}

/** Jobs of one policy that wait for the same thing, by id; either all of them launched by somebody, or none. */
export interface WaitingLine {
  readonly turn: Turn;
  readonly manual: boolean;
  readonly jobs: readonly Pick<QueuedJob, 'id'>[];
}

const headId = ({ jobs }: WaitingLine): number => jobs[0]?.id ?? Infinity;

/**
 * Who is served first: those that somebody launched before scheduled ones; then the policy that has the fewest slots, then
 * the one that was served longest ago, then the oldest job.
 */
export const compareLines = (a: WaitingLine, b: WaitingLine): number =>
  Number(b.manual) - Number(a.manual) ||
  a.turn.held - b.turn.held ||
  a.turn.lastGrant - b.turn.lastGrant ||
  headId(a) - headId(b);
