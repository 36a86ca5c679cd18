import type { RunEvent, RunExtended, RunRequested, OccurrenceEvent } from '@cyborgbackup/contracts';
import { AppError, type Decider } from '@cyborgbackup/kernel';
import { accountsUntil } from '../job/accounts-until.ts';

/*
 * The stream of a run:
 *
 *   nothing    -- run-requested -->           requested
 *   nothing    -- occurrence-skipped -->   skipped, the end: an occurrence is either run or skipped
 *   requested  -- run-extended -->            requested, once for each of its jobs that found machines
 */
export interface RunState {
  readonly requested: RunRequested | undefined;
  readonly isSkipped: boolean;
  /** Up to when its first event accounts for occurrences, ISO 8601; null for none. */
  readonly accountsUntil: string | null;
  /** Jobs whose machines have their jobs. */
  readonly extendedBy: ReadonlySet<string>;
}

/** All are idempotent: a command that comes a second time changes nothing, and its sender reads in the state what there is. */
export type RunCommand =
  | { readonly type: 'request'; readonly run: RunRequested }
  | { readonly type: 'skip'; readonly skipped: OccurrenceEvent['data'] }
  | { readonly type: 'extend'; readonly extension: RunExtended };

const subjectOf = ({ policy, repository }: RunRequested): string | undefined => policy?.uuid ?? repository?.uuid;

const request = (run: RunRequested, { requested, isSkipped }: RunState): readonly RunEvent[] => {
  if (isSkipped) return [];
  if (!requested) return [{ type: 'run-requested', data: run }];
  if (subjectOf(requested) === subjectOf(run)) return [];
  throw new AppError('conflict', 'This run id belongs to something else: draw a new one.');
};

const extend = (extension: RunExtended, { requested, extendedBy }: RunState): readonly RunEvent[] => {
  if (!requested) throw new AppError('not-found', 'There is no such run.');
  return extendedBy.has(extension.found_by) ? [] : [{ type: 'run-extended', data: extension }];
};

export const runDecider: Decider<RunState, RunCommand, RunEvent | OccurrenceEvent> = {
  initialState: { requested: undefined, isSkipped: false, accountsUntil: null, extendedBy: new Set() },
  decide: (command, state) => {
    switch (command.type) {
      case 'request':
        return request(command.run, state);
      case 'skip':
        return state.requested || state.isSkipped ? [] : [{ type: 'occurrence-skipped', data: command.skipped }];
      case 'extend':
        return extend(command.extension, state);
    }
  },
  evolve: (state, event) => {
    switch (event.type) {
      case 'run-requested':
        return { ...state, requested: event.data, accountsUntil: accountsUntil(event) };
      case 'occurrence-skipped':
        return { ...state, isSkipped: true, accountsUntil: accountsUntil(event) };
      case 'run-extended':
        return { ...state, extendedBy: new Set([...state.extendedBy, event.data.found_by]) };
    }
  },
};
