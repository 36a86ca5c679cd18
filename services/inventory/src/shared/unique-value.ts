import { claim, loadState, ORPHANED_AFTER_MILLIS, readClaim, release, type Evolver } from '@cyborgbackup/event-store';
import { hasCode, messageOf, systemClock, type AppError, type DomainEvent } from '@cyborgbackup/kernel';
import type { InventoryDeps } from './inventory-deps.ts';

/*
 * A value that only one entity may have, kept by claims. Beside the claims that the event store calls orphaned (claims.ts), a claim is
 * orphaned when its process died between the owner's event and the release of the old value: then the claim's owner does
 * not have the value in its own stream. Orphaned claims are taken over, and values are changed, in one section that no
 * two processes are in at the same time. So no claim is taken over while its owner is about to append that very value.
 * Held by "frees an orphaned value …" in inventory.int.test.ts.
 */

export interface UniqueValue<State> {
  /** What sort of value, for example `email`. */
  readonly kind: string;
  /** The value that an entity has, in the form in which values are compared; undefined when it has none. */
  readonly valueOf: (state: State) => string | undefined;
  readonly takenError: () => AppError;
}

interface ValueChange {
  /** Stream of the entity. */
  readonly owner: string;
  /** Undefined for an entity that is registered now. */
  readonly from: string | undefined;
  /** Undefined for an entity that is removed now. */
  readonly to: string | undefined;
}

/** Claims the new value, appends, releases the old value. */
export type AppendWithClaim = <T>(change: ValueChange, append: () => Promise<T>) => Promise<T>;

const SECTION = 'unique-values';

export const createAppendWithClaim = <State, E extends DomainEvent>(
  deps: InventoryDeps,
  decider: Evolver<State, E>,
  { kind, valueOf, takenError }: UniqueValue<State>,
): AppendWithClaim => {
  const { exclusive, logger } = deps;
  const { now } = deps.clock ?? systemClock;

  /** The owner of an orphaned claim. */
  const formerOwner = async (value: string): Promise<string | undefined> => {
    const { owner, takenAt } = await readClaim(deps, { kind, value });
    if (owner === undefined || now() - Date.parse(takenAt) < ORPHANED_AFTER_MILLIS) return undefined;
    const { state } = await loadState(deps, decider, owner);
    return valueOf(state) === value ? undefined : owner;
  };

  const tryClaim = async (owner: string, value: string): Promise<boolean> => {
    try {
      await claim(deps, { kind, value, owner });
      return true;
    } catch (error) {
      if (hasCode(error, 'conflict')) return false;
      throw error;
    }
  };

  /** Within the section. */
  const claimEvenOrphaned = async (owner: string, value: string): Promise<void> => {
    if (await tryClaim(owner, value)) return;
    const former = await formerOwner(value);
    if (former === undefined) throw takenError();
    await release(deps, { kind, value, owner: former });
    if (!(await tryClaim(owner, value))) throw takenError();
  };

  /**
   * For an owner whose stream is still empty. It enters the section only to take over an orphaned claim: its own claims are
   * not in the way, since the event store alone says that a claim of an empty stream is orphaned, and only after 30 seconds.
   */
  const claimFirst = async (owner: string, value: string): Promise<void> => {
    if (await tryClaim(owner, value)) return;
    if ((await formerOwner(value)) === undefined) throw takenError();
    await exclusive(SECTION, () => claimEvenOrphaned(owner, value));
  };

  /** The events are written: a claim that could not be released now counts as orphaned later. */
  const releaseOrLog = (owner: string, value: string): Promise<void> =>
    release(deps, { kind, value, owner }).catch((error: unknown) => {
      logger.warn({ kind, owner, reason: messageOf(error) }, 'a unique value was not released yet');
    });

  return async ({ owner, from, to }, append) => {
    if (from === to) return append();
    const appendAndRelease = async (): ReturnType<typeof append> => {
      const result = await append();
      if (from !== undefined) await releaseOrLog(owner, from);
      return result;
    };
    if (to === undefined) return appendAndRelease();
    if (from === undefined) {
      await claimFirst(owner, to);
      return append();
    }
    return exclusive(SECTION, async () => {
      await claimEvenOrphaned(owner, to);
      try {
        return await appendAndRelease();
      } catch (error) {
        // After any other failure the change may have been written all the same.
        if (hasCode(error, 'version-conflict') || hasCode(error, 'conflict')) await releaseOrLog(owner, to);
        throw error;
      }
    });
  };
};
