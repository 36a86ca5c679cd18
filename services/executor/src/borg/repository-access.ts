import { REPOSITORY_SIGNAL } from '@cyborgbackup/contracts';
import { AppError, delay } from '@cyborgbackup/kernel';
import { createSignals, type Connection } from '@cyborgbackup/messaging';
import { z } from 'zod';

/*
 * A download reads under borg's shared lock, and a job that writes waits for the exclusive one: a minute, then it fails. A
 * backup matters more than a download. So a job that is about to write tells all executors; downloads of that repository then
 * get a little time to finish and are aborted, and no new one begins until the writer has got the lock, or has ended.
 * See docs/decisions/0016-downloads-are-credit-based-streams.md.
 */
const message = z.object({ repository: z.uuid(), wanted: z.boolean() });

const FINISH_MILLIS = 20_000;
/** By then the writer has the lock, or waits for another process. */
const WRITER_MILLIS = 35_000;

/** Does the work of a job that writes to the repository, of which all executors are told. */
export const withWriteAccess = async <Result>(
  connection: Connection,
  repository: string,
  work: () => Promise<Result>,
): Promise<Result> => {
  const signals = createSignals(connection);
  signals.publish(REPOSITORY_SIGNAL, { repository, wanted: true });
  try {
    return await work();
  } finally {
    signals.publish(REPOSITORY_SIGNAL, { repository, wanted: false });
  }
};

export interface RepositoryAccess {
  /**
   * Does the work with a signal that fires when a writer wants the repository and the time to finish is over.
   * @throws AppError `unavailable` when a writer wants it already
   */
  withReadAccess<Result>(repository: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result>;
  close(): void;
}

const inUse = (): AppError =>
  new AppError('unavailable', 'A job needs the repository now: try again when it has ended.');

/** A writer that waits for the repository, or waited a moment ago. */
interface WaitingWriter {
  readonly until: number;
  readonly over: AbortController;
}

/** @param finishMillis how long downloads may go on */
export const createRepositoryAccess = (connection: Connection, finishMillis = FINISH_MILLIS): RepositoryAccess => {
  const readers = new Map<string, Set<AbortController>>();
  const writers = new Map<string, WaitingWriter>();

  const release = (repository: string): void => {
    writers.get(repository)?.over.abort();
    writers.delete(repository);
  };

  const admitWriter = async (repository: string): Promise<void> => {
    release(repository);
    const over = new AbortController();
    writers.set(repository, { until: Date.now() + WRITER_MILLIS, over });
    await delay(finishMillis, over.signal);
    if (over.signal.aborted) return;
    for (const reader of readers.get(repository) ?? []) reader.abort(inUse());
  };

  const unsubscribe = createSignals(connection).subscribe(REPOSITORY_SIGNAL, message, ({ repository, wanted }) =>
    wanted ? admitWriter(repository) : release(repository),
  );

  return {
    withReadAccess: async (repository, work) => {
      if ((writers.get(repository)?.until ?? 0) > Date.now()) throw inUse();
      const reader = new AbortController();
      const others = readers.get(repository) ?? new Set();
      readers.set(repository, others.add(reader));
      try {
        return await work(reader.signal);
      } finally {
        others.delete(reader);
        if (others.size === 0) readers.delete(repository);
      }
    },
    close: () => {
      unsubscribe();
      for (const repository of writers.keys()) release(repository);
    },
  };
};
