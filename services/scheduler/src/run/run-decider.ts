import type { RunEvent, RunRequested } from '@cyborgbackup/contracts';
import { AppError, type Decider } from '@cyborgbackup/kernel';

/** The run as it was requested; undefined before. A run is requested once, and nothing else ever happens in its stream. */
export type RunState = RunRequested | undefined;

/** A launch that comes again (same run) changes nothing, and is answered from the state. */
export const runDecider: Decider<RunState, RunRequested, RunEvent> = {
  initialState: undefined,
  decide: (requested, state) => {
    if (state === undefined) return [{ type: 'run-requested', data: requested }];
    if (state.policy?.uuid === requested.policy?.uuid) return [];
    throw new AppError('conflict', 'This run id belongs to another policy: draw a new one.');
  },
  evolve: (state, event) => (event.type === 'run-requested' ? event.data : state),
};
