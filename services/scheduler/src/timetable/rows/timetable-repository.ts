import type { RepositoryEvent } from '@cyborgbackup/contracts';
import type { RepositorySwitch, TimetableRepository } from '@cyborgbackup/read-models';
import { withChange, type Recorded } from './row-history.ts';

const valuesOf = ({ enabled }: RepositorySwitch): RepositorySwitch => ({ enabled });

export const evolveRepository = (
  row: TimetableRepository | undefined,
  { type, data, metadata }: Recorded<RepositoryEvent>,
): TimetableRepository | undefined => {
  switch (type) {
    case 'repository-registered': {
      const { uuid, id, enabled } = data;
      return { uuid, id, enabled, valid_from: metadata.occurredAt, history: [] };
    }
    case 'repository-changed':
      return withChange(row, { enabled: data.enabled }, metadata.occurredAt, valuesOf);
    case 'repository-removed':
      // Occurrences up to now may wait for their start.
      return withChange(row, { enabled: false }, metadata.occurredAt, valuesOf);
    default:
      return row;
  }
};
