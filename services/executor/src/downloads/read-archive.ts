import { explainFailure, type BorgResult, type BorgFailureKind } from '@cyborgbackup/borg';
import type { ContentRequest } from '@cyborgbackup/contracts';
import { AppError, type ErrorCode } from '@cyborgbackup/kernel';
import { withStaleLockRemoval } from '../borg/locks/with-stale-lock-removal.ts';
import { runBorgAt } from '../borg/run-borg-at.ts';
import { openRepositoryEndpoint } from '../endpoints/repository-endpoint.ts';
import type { ConnectionDeps } from '../job/job-context.ts';

/**
 * Reading takes borg's shared lock, as borg wants it. Without (`--bypass-lock`) it would not disturb a backup, but a reader
 * that comes between a writer's commit and its new index takes the repository for one that crashed: it deletes the old
 * index and writes another one, beside the writer (borg 1.2.4, repository.py, check_transaction). So a repository that is
 * being written to cannot be read from, and the caller hears so soon. Seconds.
 * See docs/decisions/0016-downloads-are-credit-based-streams.md.
 */
const LOCK_WAIT_SECONDS = 5;

/** A borg that writes nothing for so long, while its output is taken, hangs. */
const IDLE_MILLIS = 15 * 60_000;

export interface ReadOptions {
  /** Borg's arguments, given how it names the repository and how long it may wait for the lock. */
  readonly argv: (common: { readonly repository: string; readonly lockWaitSeconds: number }) => readonly string[];
  readonly onChunk: (chunk: Buffer) => void | Promise<void>;
  readonly signal: AbortSignal;
  /** True once no more of borg's output is needed; it is then stopped, and the reading is complete. */
  readonly isEnough?: () => boolean;
}

/** Warnings that do not make what was read incomplete. */
const HARMLESS = /unsupported file type|RELOCATED_REPO|UNKNOWN_UNENCRYPTED/i;

const isComplete = ({ outcome, messages }: BorgResult): boolean =>
  outcome === 'success' ||
  (outcome === 'warning' && messages.every(({ message, msgid }) => HARMLESS.test(`${msgid} ${message}`)));

const CODES: Partial<Record<BorgFailureKind, ErrorCode>> = {
  'no-archive': 'not-found',
  passphrase: 'conflict',
  'no-repository': 'conflict',
  'bad-repository': 'conflict',
  damaged: 'conflict',
};

const BUSY =
  'The repository is being written to at this moment, so nothing can be read from it: try again when the job has ended.';

/** Why borg could not read the archive to its end, for the user who asked for it. */
const readFailure = (result: BorgResult, where: string): AppError => {
  if (result.outcome === 'idle') return new AppError('unavailable', `Borg on ${where} said nothing for too long.`);
  const { kind, message } = explainFailure(result);
  return new AppError(CODES[kind] ?? 'unavailable', kind === 'locked' ? BUSY : message);
};

/**
 * Runs borg on the repository's side and hands over its standard output as fast as it is taken.
 * @throws AppError when borg did not read everything; whatever `onChunk` throws; the signal's reason
 */
export const readArchive = async (
  downloads: ConnectionDeps,
  { repository }: Pick<ContentRequest, 'repository'>,
  { argv, onChunk, signal, isEnough = () => false }: ReadOptions,
): Promise<void> => {
  const connections = { ...downloads, signal };
  await using endpoint = await openRepositoryEndpoint(connections, repository);
  const enough = new AbortController();
  // A borg that waited for the lock in vain has written nothing, so it may run again.
  const result = await withStaleLockRemoval({ connections, repository, endpoint }, () =>
    runBorgAt(endpoint, {
      argv: argv({ repository: endpoint.repository, lockWaitSeconds: LOCK_WAIT_SECONDS }),
      idleTimeoutMillis: IDLE_MILLIS,
      signal: AbortSignal.any([signal, enough.signal]),
      onStdout: async (chunk) => {
        await onChunk(chunk);
        if (isEnough()) enough.abort();
      },
    }),
  );
  signal.throwIfAborted();
  if (!isEnough() && !isComplete(result)) throw readFailure(result, endpoint.runner.where);
};
