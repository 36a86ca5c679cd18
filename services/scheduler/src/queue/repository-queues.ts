import { insertSorted, removeSorted } from '../collections/sorted-array.ts';
import { compareCandidates, type Candidate, type FairShare, type Urgency } from './fair-share.ts';
import type { QueuedJob } from './queue-entry.ts';

/** Ready jobs of one policy for one repository, all as urgent, by id. */
interface PolicyQueue {
  readonly urgency: Urgency;
  readonly share: FairShare;
  readonly jobs: QueuedJob[];
}

interface PolicyShare extends FairShare {
  /** Ready jobs of the policy, of all repositories. */
  ready: number;
}

/** Ready jobs by what they wait for, and the jobs that hold it. */
export interface RepositoryQueues {
  /** The job becomes ready, and waits for its repository and its client from now on; or, if it does, it is as urgent now. */
  add(job: QueuedJob, urgency: Urgency): void;
  /** The job does not wait any more; nothing happens if it did not. */
  remove(job: QueuedJob): void;
  /** The job holds its repository and its client from now on; `number` ascends from grant to grant. */
  grant(job: QueuedJob, number: number): void;
  /** The job holds nothing any more. */
  release(job: QueuedJob): void;
  /** The ready job that comes first (see `compareCandidates`) of those whose repository and client are free. */
  next(): QueuedJob | undefined;
  shareOf(policy: string): Readonly<FairShare>;
  /** The number of policies that have a ready job or a grant. */
  readonly policies: number;
}

const keyOf = ({ policy }: QueuedJob, urgency: Urgency): string => `${policy}/${urgency}`;
const compareIds = (a: QueuedJob, b: QueuedJob): number => a.id - b.id;

/**
 * `next` compares the first job of each policy in each repository that is free: a few hundred comparisons when thousands of
 * jobs wait, see `crowdDecide` in bench/schedule.ts.
 */
export const createRepositoryQueues = (): RepositoryQueues => {
  /** By repository; null = for jobs that need none. */
  const queues = new Map<string | null, Map<string, PolicyQueue>>();
  const shares = new Map<string, PolicyShare>();
  /** Of the ready jobs, by their uuids. */
  const urgencies = new Map<string, Urgency>();
  /** Uuids of jobs by what they hold. Uuids of repositories and clients never meet: both are random. */
  const holders = new Map<string, string>();

  const isHeld = (resource: string | null): boolean => resource !== null && holders.has(resource);

  const changeShare = (policy: string, change: (share: PolicyShare) => void): PolicyShare => {
    const share = shares.get(policy) ?? { held: 0, lastGrant: 0, ready: 0 };
    change(share);
    if (share.held > 0 || share.ready > 0) shares.set(policy, share);
    else shares.delete(policy);
    return share;
  };

  const remove = (job: QueuedJob): void => {
    const urgency = urgencies.get(job.uuid);
    if (urgency === undefined) return;
    urgencies.delete(job.uuid);
    const queue = queues.get(job.repository);
    const jobs = queue?.get(keyOf(job, urgency))?.jobs ?? [];
    removeSorted(jobs, job, compareIds);
    if (jobs.length === 0) queue?.delete(keyOf(job, urgency));
    if (queue?.size === 0) queues.delete(job.repository);
    changeShare(job.policy, (share) => (share.ready -= 1));
  };

  return {
    add: (job, urgency) => {
      if (urgencies.get(job.uuid) === urgency) return;
      // First, so that its policy is not forgotten in between.
      const share = changeShare(job.policy, (changed) => (changed.ready += 1));
      remove(job);
      urgencies.set(job.uuid, urgency);
      const queue = queues.get(job.repository) ?? new Map<string, PolicyQueue>();
      const ofPolicy = queue.get(keyOf(job, urgency)) ?? { urgency, share, jobs: [] };
      insertSorted(ofPolicy.jobs, job, compareIds);
      queues.set(job.repository, queue.set(keyOf(job, urgency), ofPolicy));
    },
    remove,
    grant: (job, number) => {
      changeShare(job.policy, (share) => {
        share.held += 1;
        share.lastGrant = number;
      });
      remove(job);
      for (const resource of [job.repository, job.client]) if (resource !== null) holders.set(resource, job.uuid);
    },
    release: (job) => {
      for (const resource of [job.repository, job.client]) {
        if (resource !== null && holders.get(resource) === job.uuid) holders.delete(resource);
      }
      changeShare(job.policy, (share) => (share.held -= 1));
    },
    next: () => {
      let first: (Candidate & { readonly job: QueuedJob }) | undefined;
      for (const [repository, queue] of queues) {
        if (isHeld(repository)) continue;
        for (const { urgency, share, jobs } of queue.values()) {
          const job = jobs.find(({ client }) => !isHeld(client));
          if (job && (!first || compareCandidates({ job, urgency, share }, first) < 0)) first = { job, urgency, share };
        }
      }
      return first?.job;
    },
    shareOf: (policy) => shares.get(policy) ?? { held: 0, lastGrant: 0 },
    get policies() {
      return shares.size;
    },
  };
};
