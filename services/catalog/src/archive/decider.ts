import type { archiveChecked, archiveRemoved, archiveReappeared, archiveVanished } from '@cyborgbackup/contracts';
import type { Decider, EventOf } from '@cyborgbackup/kernel';

/*
 * An archive, stream `catalog-<backup job>`: it is there until it is removed or has vanished, and while it is there it can be
 * checked any number of times. It reappears when the repository has it after all.
 */
export interface ArchiveState {
  readonly isGone: boolean;
}

type Removed = EventOf<typeof archiveRemoved>;
type Vanished = EventOf<typeof archiveVanished>;
type Reappeared = EventOf<typeof archiveReappeared>;
type Checked = EventOf<typeof archiveChecked>;
export type ArchiveEvent = Removed | Vanished | Reappeared | Checked;

export type ArchiveCommand =
  | { readonly type: 'remove'; readonly data: Removed['data'] }
  | { readonly type: 'record-vanished'; readonly data: Vanished['data'] }
  | { readonly type: 'record-reappeared'; readonly data: Reappeared['data'] }
  | { readonly type: 'record-check'; readonly data: Checked['data'] };

const eventOf = ({ type, data }: ArchiveCommand): ArchiveEvent => {
  switch (type) {
    case 'remove':
      return { type: 'archive-removed', data };
    case 'record-vanished':
      return { type: 'archive-vanished', data };
    case 'record-reappeared':
      return { type: 'archive-reappeared', data };
    case 'record-check':
      return { type: 'archive-checked', data };
  }
};

export const archiveDecider: Decider<ArchiveState, ArchiveCommand, ArchiveEvent> = {
  initialState: { isGone: false },
  decide: (command, { isGone }) => (isGone === (command.type === 'record-reappeared') ? [eventOf(command)] : []),
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
