import { claim, loadState, readClaim, release, type Evolver } from '@cyborgbackup/event-store';
import { hasCode, messageOf, systemClock, type AppError, type DomainEvent } from '@cyborgbackup/kernel';
import type { InventoryDeps } from './inventory-deps.ts';

/*
 * A value that only one thing may have, kept by claims (see the event store). On top of those, values are freed that were
 * left behind when a process died between an owner's event and the release of its old value: whoever wants such a value
 * asks the owner's own stream whether it has it. That, and changes of the value, happen in one section that no two
 * processes are in at the same time, so nobody frees a value that its owner is just about to take.
 */

export interface UniqueValue<State> {
  /** What sort of value, for example `email`. */
  readonly kind: string;
  /** The value that a thing has now, in the form in which values are compared; undefined when it has none. */
  readonly valueOf: (state: State) => string | undefined;
  readonly taken: () => AppError;
}

export interface UniqueValues {
  /** Takes the value, then appends the owner's first event. A value left behind by a crash can be taken 30 seconds later. */
  register<T>(owner: string, value: string, append: () => Promise<T>): Promise<T>;
  /** Runs a change that may bring another value, with nobody else changing theirs. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Within `exclusively`: takes the new value, appends, gives the old one back. */
  change<T>(
    owner: string,
    values: { readonly from: string; readonly to: string },
    append: () => Promise<T>,
  ): Promise<T>;
  /** Appends the owner's last event, then gives the value back. */
  remove<T>(owner: string, value: string, append: () => Promise<T>): Promise<T>;
}

/** As long as a claim may be on the way to its owner's event. */
const SETTLED_AFTER_MILLIS = 30_000;

const SECTION = 'unique-values';

export const createUniqueValues = <State, E extends DomainEvent>(
  deps: InventoryDeps,
  decider: Evolver<State, E>,
  { kind, valueOf, taken }: UniqueValue<State>,
): UniqueValues => {
  const { exclusive, logger } = deps;
  const { now } = deps.clock ?? systemClock;

  /** Whoever holds the claim without having the value, and not only since a moment ago. */
  const formerOwner = async (value: string): Promise<string | undefined> => {
    const { owner, takenAt } = await readClaim(deps, { kind, value });
    if (owner === undefined || now() - Date.parse(takenAt) < SETTLED_AFTER_MILLIS) return undefined;
    const { state } = await loadState(deps, decider, owner);
    return valueOf(state) === value ? undefined : owner;
  };

  const take = async (owner: string, value: string): Promise<boolean> => {
    try {
      await claim(deps, { kind, value, owner });
      return true;
    } catch (error) {
      if (hasCode(error, 'conflict')) return false;
      throw error;
    }
  };

  /** Within the section. */
  const takeEvenAbandoned = async (owner: string, value: string): Promise<void> => {
    if (await take(owner, value)) return;
    const former = await formerOwner(value);
    if (former === undefined) throw taken();
    await release(deps, { kind, value, owner: former });
    if (!(await take(owner, value))) throw taken();
  };

  /** The write is done: a value that could not be given back is freed when somebody wants it. */
  const giveBack = (owner: string, value: string): Promise<void> =>
    release(deps, { kind, value, owner }).catch((error: unknown) => {
      logger.warn({ kind, owner, reason: messageOf(error) }, 'a unique value was not given back yet');
    });

  return {
    register: async (owner, value, append) => {
      if (!(await take(owner, value))) {
        if ((await formerOwner(value)) === undefined) throw taken();
        await exclusive(SECTION, () => takeEvenAbandoned(owner, value));
      }
      return append();
    },
    exclusively: (work) => exclusive(SECTION, work),
    change: async (owner, { from, to }, append) => {
      if (from === to) return append();
      await takeEvenAbandoned(owner, to);
      try {
        const result = await append();
        await giveBack(owner, from);
        return result;
      } catch (error) {
        // After any other failure the change may have been written all the same.
        if (hasCode(error, 'version-conflict') || hasCode(error, 'conflict')) await giveBack(owner, to);
        throw error;
      }
    },
    remove: async (owner, value, append) => {
      const result = await append();
      await giveBack(owner, value);
      return result;
    },
  };
};
