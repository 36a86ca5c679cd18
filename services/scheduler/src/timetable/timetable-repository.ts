import type { RepositoryEvent } from '@cyborgbackup/contracts';
import { changed, type Next, type Occurred, type Remembering } from './row-history.ts';

interface Switch {
  readonly enabled: boolean;
}

export interface TimetableRepository extends Switch, Remembering<Switch> {
  readonly uuid: string;
  readonly id: number;
}

const switchOf = ({ enabled }: Switch): Switch => ({ enabled });

export const evolveRepository = (
  row: TimetableRepository | undefined,
  { type, data, metadata }: Occurred<RepositoryEvent>,
): Next<TimetableRepository> => {
  switch (type) {
    case 'repository-registered': {
      const { uuid, id, enabled } = data;
      return { uuid, id, enabled, since: metadata.occurredAt, past: [] };
    }
    case 'repository-changed':
      return changed(row, { enabled: data.enabled }, metadata.occurredAt, switchOf);
    case 'repository-removed':
      // What used it until a moment ago may not have been started yet.
      return changed(row, { enabled: false }, metadata.occurredAt, switchOf);
    default:
      return row;
  }
};
