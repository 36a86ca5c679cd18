import type { ReadModel } from '../define/read-model.ts';
import type { AnyRow, Change } from '../define/table-changes.ts';
import { keyOf, keyText, matchOf, type KeyText, type Match } from './row-form.ts';
import type { RowSet } from './row-set.ts';

/** Rows that must be in memory before some changes can be applied. */
export interface NeededRows {
  readonly keys: readonly AnyRow[];
  readonly matches: readonly Match[];
}

/** What a fold knows of a table that has more rows than those in memory. */
export interface LoadWindow {
  /** Notes what a change needs to be loaded. */
  request(change: Change): void;
  /** Loads all that was requested; rows that are not found are absent from now on. */
  loadRequested(load: (needed: NeededRows) => Promise<readonly AnyRow[]>): Promise<void>;
  /** Notes that stored rows have to be deleted by value, without having been loaded. */
  purge(match: Match): void;
  purges(): readonly Match[];
  /** After the purges are committed. */
  forgetPurges(): void;
}

const matchText = ({ column, valueText }: Match): string => `${column.name}=${valueText}`;

/** @param held the rows in memory: a row in there wins over the stored one, and null says that it is known to be absent */
export const createLoadWindow = (model: ReadModel, held: RowSet): LoadWindow => {
  const requestedKeys = new Map<KeyText, AnyRow>();
  const requestedMatches = new Map<string, Match>();
  const loadedMatches = new Set<string>();
  const purges = new Map<string, Match>();

  const isPurged = (row: AnyRow): boolean =>
    purges.size > 0 && [...purges.values()].some(({ column, value }) => row[column.name] === value);

  return {
    request: (change) => {
      if (change.kind === 'fold') {
        const id = keyText(model, change.key);
        if (!held.has(id)) requestedKeys.set(id, keyOf(model, change.key));
      } else if (change.kind === 'fold-matches') {
        const match = matchOf(model, change.match);
        if (!loadedMatches.has(matchText(match))) requestedMatches.set(matchText(match), match);
      }
    },
    loadRequested: async (load) => {
      if (requestedKeys.size === 0 && requestedMatches.size === 0) return;
      const needed = { keys: [...requestedKeys.values()], matches: [...requestedMatches.values()] };
      for (const row of await load(needed)) {
        const id = keyText(model, row);
        if (!held.has(id)) held.set(id, isPurged(row) ? null : row);
      }
      for (const id of requestedKeys.keys()) if (!held.has(id)) held.set(id, null);
      for (const id of requestedMatches.keys()) loadedMatches.add(id);
      requestedKeys.clear();
      requestedMatches.clear();
    },
    purge: (match) => purges.set(matchText(match), match),
    purges: () => [...purges.values()],
    forgetPurges: () => purges.clear(),
  };
};
