import type { BorgResult } from '@cyborgbackup/borg';
import type { ContentRequest } from '@cyborgbackup/contracts';
import { onRepositoryHost } from '../endpoints/connections.ts';
import { runBorgAt } from '../borg/run-borg-at.ts';
import { withStaleLockRemoval, type StaleLockOptions } from '../borg/locks/with-stale-lock-removal.ts';
import type { DownloadDeps } from './download-parts.ts';
import { readFailure } from './read-failure.ts';

/**
 * Reading takes borg's shared lock, as borg wants it. Without (`--bypass-lock`) it would not disturb a backup, but a reader
 * that comes between a writer's commit and its new index takes the repository for one that crashed: it deletes the old
 * index and writes another one, beside the writer (borg 1.2.4, repository.py, check_transaction). So a repository that is
 * being written to cannot be read from; the caller is told soon. Seconds.
 */
const LOCK_WAIT_SECONDS = 5;

/** Borg that writes nothing for so long, while we take what it has, hangs. */
const IDLE_MILLIS = 15 * 60_000;

export interface ReadOptions {
  /** Borg's arguments, given how it names the repository and how long it may wait for the lock. */
  readonly argv: (common: { readonly repository: string; readonly lockWaitSeconds: number }) => readonly string[];
  readonly onChunk: (chunk: Buffer) => void | Promise<void>;
  readonly signal: AbortSignal;
  /** True once nothing more of borg's output is wanted; it is then stopped, and the reading is complete. */
  readonly isEnough?: () => boolean;
}

/** Words that do not make what was read incomplete. */
const isHarmless = (message: string): boolean =>
  /unsupported file type|RELOCATED_REPO|UNKNOWN_UNENCRYPTED/i.test(message);

const isComplete = (result: BorgResult): boolean =>
  result.outcome === 'success' ||
  (result.outcome === 'warning' && result.messages.every(({ message, msgid }) => isHarmless(`${msgid} ${message}`)));

const readAt = async (lock: StaleLockOptions, options: ReadOptions): Promise<void> => {
  const { place } = lock;
  const { onChunk, isEnough = () => false, signal } = options;
  const enough = new AbortController();
  const step = (): Promise<BorgResult> =>
    runBorgAt(place, {
      argv: options.argv({ repository: place.repository, lockWaitSeconds: LOCK_WAIT_SECONDS }),
      idleTimeoutMillis: IDLE_MILLIS,
      signal: AbortSignal.any([signal, enough.signal]),
      onStdout: async (chunk) => {
        await onChunk(chunk);
        if (isEnough()) enough.abort();
      },
    });
  // One that waited for the lock in vain has handed over nothing, so it may be run again.
  const result = await withStaleLockRemoval(lock, step);
  signal.throwIfAborted();
  if (!isEnough() && !isComplete(result)) throw readFailure(result, place.runner.where);
};

/**
 * Runs borg on the repository's side and hands over its standard output as fast as it is taken.
 * @throws AppError when borg did not read everything; whatever `onChunk` throws; the signal's reason
 */
export const readArchive = async (
  { parts, hostKeys, connectTimeoutMillis }: DownloadDeps,
  { repository }: Pick<ContentRequest, 'repository'>,
  options: ReadOptions,
): Promise<void> => {
  const connections = { parts, hostKeys, connectTimeoutMillis, signal: options.signal };
  await using place = await onRepositoryHost(connections, repository);
  await readAt({ connections, repository, place }, options);
};
