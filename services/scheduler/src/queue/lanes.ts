import type { QueuedJob } from './queue-entry.ts';

/*
 * Jobs that could run wait in lanes, one for each repository (for each client, where a job needs no repository). A lane is
 * looked at only when something happened to it: a job came, its repository was freed, a client some of its jobs had been
 * set aside for was freed. So an event costs what it changed, however many jobs wait elsewhere.
 *
 * Within a lane the jobs of each policy stand in line by id, those that somebody launched apart from scheduled ones. A
 * job at the head of its line whose client is busy is set aside, with the client, and comes back when that is freed.
 */
export interface Lanes {
  add(job: QueuedJob): void;
  remove(job: QueuedJob): void;
  /** Takes the repository and the client for the job, which leaves its lane. */
  occupy(job: QueuedJob): void;
  /** Gives them back. */
  vacate(job: QueuedJob): void;
  /** Who has the repository or the client. */
  holderOf(resource: string | null): QueuedJob | undefined;
  /** The heads of all lines that could run now, as far as anything changed since there were none; for one lane or more. */
  candidates(): readonly LaneCandidates[];
}

/** The heads of one lane's lines; at most one of them can be granted. */
export type LaneCandidates = readonly QueuedJob[];

interface Line {
  readonly jobs: QueuedJob[];
}

type Lane = Map<string, Line>;

/** Uuids of repositories and clients never meet: both are random. */
const laneKey = (job: QueuedJob): string => job.repository ?? job.client ?? job.uuid;
const lineKey = (job: QueuedJob): string => `${job.manual}/${job.policy}`;
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
  const lanes = new Map<string, Lane>();
  const holders = new Map<string, QueuedJob>();
  const setAside = new Map<string, Map<string, QueuedJob>>();
  const changed = new Set<string>();

  const add = (job: QueuedJob): void => {
    const key = laneKey(job);
    const lane: Lane = lanes.get(key) ?? new Map<string, Line>();
    lanes.set(key, lane);
    const line = lane.get(lineKey(job)) ?? { jobs: [] };
    lane.set(lineKey(job), line);
    line.jobs.splice(placeOf(line.jobs, job.id), 0, job);
    changed.add(key);
  };

  const leaveLine = (job: QueuedJob): void => {
    const key = laneKey(job);
    const lane = lanes.get(key);
    const line = lane?.get(lineKey(job));
    if (!lane || !line) return;
    const place = placeOf(line.jobs, job.id);
    if (line.jobs[place]?.uuid === job.uuid) line.jobs.splice(place, 1);
    if (line.jobs.length === 0) lane.delete(lineKey(job));
    if (lane.size === 0) lanes.delete(key);
  };

  const leaveAside = (job: QueuedJob): void => {
    const waiting = setAside.get(job.client ?? '');
    waiting?.delete(job.uuid);
    if (waiting?.size === 0) setAside.delete(job.client ?? '');
  };

  const remove = (job: QueuedJob): void => {
    leaveLine(job);
    leaveAside(job);
  };

  const isBusy = (resource: string | null): boolean => resource !== null && holders.has(resource);

  const putAside = (job: QueuedJob, client: string): void => {
    leaveLine(job);
    const waiting = setAside.get(client) ?? new Map<string, QueuedJob>();
    setAside.set(client, waiting.set(job.uuid, job));
  };

  /** The first of a line whose client is free. */
  const headOf = (line: Line): QueuedJob | undefined => {
    for (let head = line.jobs[0]; head; head = line.jobs[0]) {
      if (head.client === null || !isBusy(head.client)) return head;
      putAside(head, head.client);
    }
    return undefined;
  };

  const headsOf = (key: string): LaneCandidates => {
    if (isBusy(key)) return [];
    const lines = [...(lanes.get(key)?.values() ?? [])];
    return lines.map(headOf).filter((head) => head !== undefined);
  };

  const vacate = (job: QueuedJob): void => {
    for (const resource of resourcesOf(job)) {
      if (holders.get(resource)?.uuid !== job.uuid) continue;
      holders.delete(resource);
      changed.add(resource);
      const back = setAside.get(resource);
      setAside.delete(resource);
      for (const waiting of back?.values() ?? []) add(waiting);
    }
  };

  return {
    add,
    remove,
    occupy: (job) => {
      remove(job);
      for (const resource of resourcesOf(job)) holders.set(resource, job);
    },
    vacate,
    holderOf: (resource) => (resource === null ? undefined : holders.get(resource)),
    candidates: () => {
      const all: LaneCandidates[] = [];
      for (const key of changed) {
        const heads = headsOf(key);
        if (heads.length > 0) all.push(heads);
        else changed.delete(key);
      }
      return all;
    },
  };
};
