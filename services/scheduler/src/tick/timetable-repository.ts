import type { RepositoryEvent } from '@cyborgbackup/contracts';
import type { RepositorySwitch, TimetableRepository } from '@cyborgbackup/read-models';
import { changed, type Next, type Occurred } from './row-fold.ts';

const switchOf = ({ enabled }: RepositorySwitch): RepositorySwitch => ({ enabled });

export const evolveRepository = (
  row: TimetableRepository | undefined,
  { type, data, metadata }: Occurred<RepositoryEvent>,
): Next<TimetableRepository> => {
  switch (type) {
    case 'repository-registered': {
      const { uuid, id, enabled } = data;
      return { uuid, id, enabled, valid_from: metadata.occurredAt, history: [] };
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
