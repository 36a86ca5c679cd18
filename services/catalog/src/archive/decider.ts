import type {
  archiveChecked,
  archiveForgotten,
  archiveVanished,
  catalogBatchRecorded,
  catalogCompleted,
} from '@cyborgbackup/contracts';
import type { Decider, EventOf } from '@cyborgbackup/kernel';

/*
 * An archive, stream `catalog-<backup job>`: it is there until it is forgotten or has vanished, and while it is there it can be
 * checked any number of times. An archive that is gone does not come back.
 */
export interface ArchiveState {
  readonly isGone: boolean;
}

type Vanished = EventOf<typeof archiveVanished>;
type Checked = EventOf<typeof archiveChecked>;
export type ArchiveEvent =
  | EventOf<typeof archiveForgotten>
  | Vanished
  | Checked
  | EventOf<typeof catalogBatchRecorded>
  | EventOf<typeof catalogCompleted>;

export type ArchiveCommand =
  | { readonly do: 'forget'; readonly job: string; readonly reason: string }
  | ({ readonly do: 'miss' } & Vanished['data'])
  | ({ readonly do: 'check' } & Checked['data']);

const decide = (command: ArchiveCommand): ArchiveEvent => {
  switch (command.do) {
    case 'forget':
      return { type: 'archive-forgotten', data: { job: command.job, reason: command.reason } };
    case 'miss': {
      const { do: _do, ...data } = command;
      return { type: 'archive-vanished', data };
    }
    case 'check': {
      const { do: _do, ...data } = command;
      return { type: 'archive-checked', data };
    }
  }
};

export const archiveDecider: Decider<ArchiveState, ArchiveCommand, ArchiveEvent> = {
  initialState: { isGone: false },
  decide: (command, { isGone }) => (isGone ? [] : [decide(command)]),
  evolve: (state, { type }) => (type === 'archive-forgotten' || type === 'archive-vanished' ? { isGone: true } : state),
};
