import { createHeap, type Heap } from '../collections/heap.ts';
import type { QueuedJob } from './queue-entry.ts';
import { compareLines, type Turn, type WaitingLine } from './fair-share.ts';

/*
 * Jobs that could run wait in lanes: one for each repository, which one job at a time may use, and one for all jobs that
 * need no repository. Within a lane the jobs of each policy stand in line by id, those that somebody launched apart from
 * scheduled ones. Lines are in order by whose turn it is, and so are the lanes whose repository is free, by their best line:
 * who is next is known at once, however many jobs, policies and repositories there are.
 *
 * A job at the head of its line whose client is busy is set aside, with the client, and comes back when that is freed.
 */
export interface Lanes {
  add(job: QueuedJob): void;
  remove(job: QueuedJob): void;
  /** Takes the repository and the client for the job, which leaves its lane; grants are numbered, ascending. */
  occupy(job: QueuedJob, grant: number): void;
  /** Gives them back. */
  vacate(job: QueuedJob): void;
  /** Who has the repository or the client. */
  holderOf(resource: string | null): QueuedJob | undefined;
  /** The job to be served next, as `compareLines` has it: its repository and its client are free. */
  next(): QueuedJob | undefined;
  turnOf(policy: string): Readonly<Turn>;
  /** Policies that have a job waiting, or a slot. */
  readonly policies: number;
}

interface PolicyTurn extends Turn {
  readonly policy: string;
  readonly lines: Set<Line>;
}

/** Of one policy in one lane. There is none without a job. */
interface Line extends WaitingLine {
  readonly turn: PolicyTurn;
  readonly lane: Lane;
  readonly jobs: QueuedJob[];
}

interface Lane {
  /** The repository; null = for all that need none. */
  readonly repository: string | null;
  readonly lines: Heap<Line>;
}

const compareLanes = (a: Lane, b: Lane): number => {
  const [first, second] = [a.lines.first(), b.lines.first()];
  return first && second ? compareLines(first, second) : Number(Boolean(second)) - Number(Boolean(first));
};

const resourcesOf = (job: QueuedJob): readonly string[] =>
  [job.repository, job.client].filter((resource) => resource !== null);

/** Where a job with this id stands, or would stand. */
const placeOf = (jobs: readonly QueuedJob[], id: number): number => {
  let [low, high] = [0, jobs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((jobs[middle]?.id ?? id) < id) low = middle + 1;
    else high = middle;
  }
  return low;
};

export const createLanes = (): Lanes => {
  const lanes = new Map<string | null, Lane>();
  /** Lanes with a line, whose repository is free. */
  const open = createHeap(compareLanes);
  const turns = new Map<string, PolicyTurn>();
  /** Uuids of repositories and clients never meet: both are random. */
  const holders = new Map<string, QueuedJob>();
  const setAside = new Map<string, Map<string, QueuedJob>>();

  const isBusy = (resource: string | null): boolean => resource !== null && holders.has(resource);

  const laneOf = (repository: string | null): Lane => {
    const lane = lanes.get(repository) ?? { repository, lines: createHeap<Line>(compareLines) };
    lanes.set(repository, lane);
    return lane;
  };

  const turnOf = (policy: string): PolicyTurn => {
    const turn = turns.get(policy) ?? { policy, held: 0, lastGrant: 0, lines: new Set<Line>() };
    turns.set(policy, turn);
    return turn;
  };

  /** Takes these lines out of all orders, changes what the orders go by, and puts them back where they belong now. */
  const reorder = (lines: readonly Line[], change: () => void): void => {
    for (const { lane } of lines) open.remove(lane);
    for (const line of lines) line.lane.lines.remove(line);
    change();
    for (const line of lines) {
      if (line.jobs.length > 0) line.lane.lines.add(line);
      else line.turn.lines.delete(line);
    }
    for (const { lane } of lines) reopen(lane);
  };

  const reopen = (lane: Lane): void => {
    if (lane.lines.size === 0) {
      if (lanes.get(lane.repository) === lane) lanes.delete(lane.repository);
    } else if (!isBusy(lane.repository)) open.add(lane);
  };

  const lineOf = (job: QueuedJob): Line | undefined => {
    for (const line of turns.get(job.policy)?.lines ?? []) {
      if (line.lane.repository === job.repository && line.manual === job.manual) return line;
    }
    return undefined;
  };

  const forgetIdle = ({ policy, held, lines }: PolicyTurn): void => {
    if (held === 0 && lines.size === 0) turns.delete(policy);
  };

  const add = (job: QueuedJob): void => {
    const turn = turnOf(job.policy);
    const line = lineOf(job) ?? { turn, lane: laneOf(job.repository), manual: job.manual, jobs: [] };
    turn.lines.add(line);
    reorder([line], () => line.jobs.splice(placeOf(line.jobs, job.id), 0, job));
  };

  const leaveLine = (job: QueuedJob): void => {
    const line = lineOf(job);
    const place = line ? placeOf(line.jobs, job.id) : 0;
    if (line?.jobs[place]?.uuid === job.uuid) reorder([line], () => line.jobs.splice(place, 1));
  };

  const leaveAside = (job: QueuedJob): void => {
    const waiting = setAside.get(job.client ?? '');
    waiting?.delete(job.uuid);
    if (waiting?.size === 0) setAside.delete(job.client ?? '');
  };

  const remove = (job: QueuedJob): void => {
    leaveLine(job);
    leaveAside(job);
    const turn = turns.get(job.policy);
    if (turn) forgetIdle(turn);
  };

  const putAside = (job: QueuedJob, client: string): void => {
    leaveLine(job);
    const waiting = setAside.get(client) ?? new Map<string, QueuedJob>();
    setAside.set(client, waiting.set(job.uuid, job));
  };

  const takeTurn = (job: QueuedJob, grant: number): void => {
    const turn = turnOf(job.policy);
    reorder([...turn.lines], () => {
      turn.held += 1;
      turn.lastGrant = grant;
    });
  };

  const giveTurn = (job: QueuedJob): void => {
    const turn = turnOf(job.policy);
    reorder([...turn.lines], () => (turn.held -= 1));
    forgetIdle(turn);
  };

  const release = (resource: string): void => {
    holders.delete(resource);
    const back = setAside.get(resource);
    setAside.delete(resource);
    for (const waiting of back?.values() ?? []) add(waiting);
    const lane = lanes.get(resource);
    if (lane) reopen(lane);
  };

  return {
    add,
    remove,
    occupy: (job, grant) => {
      leaveLine(job);
      leaveAside(job);
      takeTurn(job, grant);
      for (const resource of resourcesOf(job)) holders.set(resource, job);
      const lane = lanes.get(job.repository);
      if (lane && job.repository !== null) open.remove(lane);
    },
    vacate: (job) => {
      for (const resource of resourcesOf(job)) if (holders.get(resource)?.uuid === job.uuid) release(resource);
      giveTurn(job);
    },
    holderOf: (resource) => (resource === null ? undefined : holders.get(resource)),
    next: () => {
      for (let lane = open.first(); lane; lane = open.first()) {
        const head = lane.lines.first()?.jobs[0];
        if (!head) return undefined;
        if (head.client === null || !isBusy(head.client)) return head;
        putAside(head, head.client);
      }
      return undefined;
    },
    turnOf: (policy) => turns.get(policy) ?? { held: 0, lastGrant: 0 },
    get policies() {
      return turns.size;
    },
  };
};
