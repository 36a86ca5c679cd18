import type { EndedDependency, QueueEntry } from './queue-entry.ts';
import { createRepositoryQueues, type RepositoryQueues } from './repository-queues.ts';

/**
 * All jobs of all runs that have not ended, folded from the log; no I/O. One scheduler at a time acts on it: the leader. That
 * any sequence of events leaves it consistent is tested by queue-model.unit.test.ts.
 */
export interface Queue {
  readonly entries: Map<string, QueueEntry>;
  readonly ready: RepositoryQueues;
  /** Ready jobs for which the log is to say so. */
  readonly toRecordReady: Set<QueueEntry>;
  /** Jobs that cannot run any more, each with the dependency that did not succeed. */
  readonly blockedByFailure: Map<QueueEntry, EndedDependency>;
  /**
   * Jobs that need a preparation of another run which had ended, and was forgotten, before they came: by its uuid. How it ended
   * is to be looked up, see `endForgotten`.
   */
  readonly needForgotten: Map<string, QueueEntry[]>;
  /** Jobs that found machines by which their run is to be extended. */
  readonly toExtend: Set<QueueEntry>;
  /** Granted jobs that no executor has started, or that one has handed over. */
  readonly handedOut: Set<QueueEntry>;
  /** Jobs that pause before their next attempt, whether or not their grant is released already. */
  readonly pausing: Set<QueueEntry>;
  /** Uuids of runs that have not ended, by their activity. */
  readonly active: Map<string, Set<string>>;
  readonly runs: Map<string, QueuedRun>;
  /** Version of the queue's stream up to which its events are folded. */
  version: number;
  /** Jobs that hold a grant. */
  granted: number;
}

/** A run stays in the queue until all its entries have ended, and none awaits an extension. */
export interface QueuedRun {
  readonly activity: string | null;
  readonly entries: QueueEntry[];
  /** Number of entries that are still needed; one that awaits an extension counts twice. The run is dropped at 0. */
  kept: number;
  /**
   * Number of entries that somebody asked for and that have not ended; one that awaits an extension counts once more. At 0 the
   * activity is free: what is left are preparations, which are in nobody's way.
   */
  unended: number;
}

export const createQueue = (version = 0): Queue => ({
  entries: new Map(),
  ready: createRepositoryQueues(),
  toRecordReady: new Set(),
  blockedByFailure: new Map(),
  needForgotten: new Map(),
  toExtend: new Set(),
  handedOut: new Set(),
  pausing: new Set(),
  active: new Map(),
  runs: new Map(),
  version,
  granted: 0,
});
