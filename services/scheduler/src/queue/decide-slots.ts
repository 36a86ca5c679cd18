import type { QueueEvent } from '@cyborgbackup/contracts';
import { evolveSlot, type Queue } from './queue.ts';
import type { QueuedJob, QueueEntry } from './queue-entry.ts';

export interface SlotLimits {
  /** Slots granted at once over all repositories; 0 = as many as there are. */
  readonly maxRunning: number;
  /** At most so many events at once: they are appended together. */
  readonly maxEvents: number;
}

/** An event, and the job it is about: once its slot is freed the queue may not know it any more. */
export interface SlotDecision {
  readonly event: QueueEvent;
  readonly entry: QueueEntry;
}

/**
 * What is to be appended to the queue's stream now, already applied to the queue: when the append fails, the queue is no
 * longer what the log says and must be loaded again.
 *
 * 1. Slots of jobs that have ended are freed, so that what they held can be granted in the same append.
 * 2. Jobs whose needs have all succeeded are announced.
 * 3. Free slots are granted.
 */
export const decideSlots = (queue: Queue, limits: SlotLimits): readonly SlotDecision[] => {
  const decided: SlotDecision[] = [];
  const append = (event: QueueEvent, entry: QueueEntry): void => {
    decided.push({ event, entry });
    evolveSlot(queue, event, queue.version + 1);
  };
  const hasRoom = (): boolean => decided.length < limits.maxEvents;
  const canGrant = (): boolean => hasRoom() && !isFull(queue, limits);
  const appendAll = (entries: ReadonlySet<QueueEntry>, type: 'slot-freed' | 'slot-awaited'): void => {
    for (const entry of entries) if (hasRoom()) append({ type, data: { job: entry.job.uuid } }, entry);
  };
  appendAll(queue.toFree, 'slot-freed');
  appendAll(queue.toAnnounce, 'slot-awaited');
  const grantRound = (): boolean => {
    const before = decided.length;
    for (const job of nextRound(queue)) {
      const entry = queue.entries.get(job.uuid);
      if (entry && canGrant() && isFree(queue, job)) append({ type: 'slot-granted', data: grantOf(job) }, entry);
    }
    return decided.length > before;
  };
  while (canGrant() && grantRound());
  return decided;
};

const isFull = ({ granted }: Queue, { maxRunning }: SlotLimits): boolean => maxRunning > 0 && granted >= maxRunning;

const isFree = ({ lanes }: Queue, { repository, client }: QueuedJob): boolean =>
  !lanes.holderOf(repository) && !lanes.holderOf(client);

const grantOf = ({
  uuid,
  run,
  repository,
  client,
}: QueuedJob): Extract<QueueEvent, { type: 'slot-granted' }>['data'] => ({
  job: uuid,
  run,
  repository,
  client,
});

/**
 * Who is served next: one job of each policy, so that a policy with hundreds of clients does not keep others waiting.
 * Those that somebody launched go before scheduled ones; then the policy that has the fewest slots, then the one that was
 * served longest ago, then the oldest job.
 */
const nextRound = (queue: Queue): readonly QueuedJob[] => {
  const compare = comparing(queue);
  const heads = queue.lanes
    .candidates()
    .map((lane) => lane.reduce((best, job) => (compare(job, best) < 0 ? job : best)));
  const sorted = heads.sort(compare);
  const served = new Set<string>();
  const isManualRound = sorted[0]?.manual ?? false;
  return sorted.filter(({ manual, policy }) => {
    if (manual !== isManualRound || served.has(policy)) return false;
    served.add(policy);
    return true;
  });
};

const comparing =
  ({ slotsHeld, lastGrant }: Queue) =>
  (a: QueuedJob, b: QueuedJob): number =>
    Number(b.manual) - Number(a.manual) ||
    (slotsHeld.get(a.policy) ?? 0) - (slotsHeld.get(b.policy) ?? 0) ||
    (lastGrant.get(a.policy) ?? 0) - (lastGrant.get(b.policy) ?? 0) ||
    a.id - b.id;
