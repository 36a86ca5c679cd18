import { loadState, type Evolver, type LoadDeps, type LoadedState } from '@cyborgbackup/event-store';
import { AppError, delay, hasCode, type DomainEvent } from '@cyborgbackup/kernel';

const ATTEMPTS = 6;
const FIRST_BACKOFF_MILLIS = 4;

export interface VersionedTarget {
  readonly stream: string;
  /** The version the caller has seen (If-Match). */
  readonly expectedVersion: number | undefined;
}

/**
 * For commands that must look around before they decide: loads the stream, lets `act` do so, and starts again when the
 * stream has moved on meanwhile. `act` must append at exactly the version that was loaded.
 * @throws AppError `version-conflict` when the caller's version is not the stream's, or after six lost races
 */
export const atLoadedVersion = async <State, E extends DomainEvent, T>(
  deps: LoadDeps,
  decider: Evolver<State, E>,
  { stream, expectedVersion }: VersionedTarget,
  act: (loaded: LoadedState<State>) => Promise<T>,
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    const loaded = await loadState(deps, decider, stream);
    if (expectedVersion !== undefined && loaded.version > 0 && expectedVersion !== loaded.version) {
      throw new AppError(
        'version-conflict',
        'This was changed by someone else in the meantime: read it again and retry.',
      );
    }
    try {
      return await act(loaded);
    } catch (error) {
      if (attempt === ATTEMPTS || !hasCode(error, 'version-conflict')) throw error;
      await delay(Math.random() * FIRST_BACKOFF_MILLIS * 2 ** attempt);
    }
  }
};
