import type { RepositoryEvent } from '@cyborgbackup/contracts';
import { changed, type Next, type Occurred } from './row-fold.ts';

export interface TimetableRepository {
  readonly uuid: string;
  readonly id: number;
  readonly enabled: boolean;
  readonly since: string;
}

export const evolveRepository = (
  row: TimetableRepository | undefined,
  { type, data, metadata }: Occurred<RepositoryEvent>,
): Next<TimetableRepository> => {
  switch (type) {
    case 'repository-registered': {
      const { uuid, id, enabled } = data;
      return { uuid, id, enabled, since: metadata.occurredAt };
    }
    case 'repository-changed':
      return changed(row, { enabled: data.enabled }, metadata.occurredAt);
    case 'repository-removed':
      return row && null;
    default:
      return row;
  }
};
