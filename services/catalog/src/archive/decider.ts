import type { archiveChecked, archiveRemoved, archiveReappeared, archiveVanished } from '@cyborgbackup/contracts';
import type { Decider, EventOf } from '@cyborgbackup/kernel';

/*
 * An archive, stream `catalog-<backup job>`: it is there until it is removed or has vanished, and while it is there it can be
 * checked any number of times. It reappears when the repository has it after all.
 */
export interface ArchiveState {
  readonly isGone: boolean;
}

export type ArchiveEvent = EventOf<
  typeof archiveRemoved | typeof archiveVanished | typeof archiveReappeared | typeof archiveChecked
>;

/** Records what happened to the archive, or what a check found in it, unless its state says so already. */
export interface ArchiveCommand {
  readonly type: 'record';
  readonly event: ArchiveEvent;
}

export const archiveDecider: Decider<ArchiveState, ArchiveCommand, ArchiveEvent> = {
  initialState: { isGone: false },
  decide: ({ event }, { isGone }) => (isGone === (event.type === 'archive-reappeared') ? [event] : []),
  evolve: (state, { type }) => {
    switch (type) {
      case 'archive-removed':
      case 'archive-vanished':
        return { isGone: true };
      case 'archive-reappeared':
        return { isGone: false };
      default:
        return state;
    }
  },
};
