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
  readonly jobs: readonly QueuedJob[];
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

/** These jobs in the order in which they would be served, one after the other. */
export const inServingOrder = (jobs: readonly QueuedJob[], turnOf: (policy: string) => Turn): readonly QueuedJob[] => {
  const turns = new Map(jobs.map(({ policy }) => [policy, { ...turnOf(policy) }]));
  const lines = [...Map.groupBy(jobs, ({ manual, policy }) => `${manual}/${policy}`).values()].flatMap((group) => {
    const [first] = group;
    const turn = first && turns.get(first.policy);
    return turn ? [{ turn, manual: first.manual, jobs: group.sort((a, b) => a.id - b.id) }] : [];
  });
  const served: QueuedJob[] = [];
  let grant = Math.max(0, ...lines.map(({ turn }) => turn.lastGrant));
  while (served.length < jobs.length) {
    const line = lines
      .filter((each) => each.jobs.length > 0)
      .reduce((best, each) => (compareLines(each, best) < 0 ? each : best));
    const next = line.jobs.shift();
    if (next) served.push(next);
    line.turn.lastGrant = grant += 1;
  }
  return served;
};
