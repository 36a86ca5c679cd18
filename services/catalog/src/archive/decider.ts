import type { archiveChecked, archiveRemoved, archiveReappeared, archiveVanished } from '@cyborgbackup/contracts';
import type { Decider, EventOf } from '@cyborgbackup/kernel';

/*
 * An archive, stream `catalog-<backup job>`: it is there until it is forgotten or has vanished, and while it is there it can be
 * checked any number of times. One that is gone comes back when the repository has it after all.
 */
export interface ArchiveState {
  readonly isGone: boolean;
}

type Vanished = EventOf<typeof archiveVanished>;
type FoundAgain = EventOf<typeof archiveReappeared>;
type Checked = EventOf<typeof archiveChecked>;
export type ArchiveEvent = EventOf<typeof archiveRemoved> | Vanished | FoundAgain | Checked;

export type ArchiveCommand =
  | { readonly do: 'forget'; readonly job: string; readonly reason: string }
  | ({ readonly do: 'miss' } & Vanished['data'])
  | ({ readonly do: 'find' } & FoundAgain['data'])
  | ({ readonly do: 'check' } & Checked['data']);

const decide = (command: ArchiveCommand): ArchiveEvent => {
  switch (command.do) {
    case 'forget':
      return { type: 'archive-removed', data: { job: command.job, reason: command.reason } };
    case 'miss': {
      const { do: _do, ...data } = command;
      return { type: 'archive-vanished', data };
    }
    case 'find': {
      const { do: _do, ...data } = command;
      return { type: 'archive-reappeared', data };
    }
    case 'check': {
      const { do: _do, ...data } = command;
      return { type: 'archive-checked', data };
    }
  }
};

export const archiveDecider: Decider<ArchiveState, ArchiveCommand, ArchiveEvent> = {
  initialState: { isGone: false },
  decide: (command, { isGone }) => (isGone === (command.do === 'find') ? [decide(command)] : []),
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
