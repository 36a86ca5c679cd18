import type { RepositoryEvent } from '@cyborgbackup/contracts';
import { withChange, type Recorded, type WithHistory } from './row-history.ts';

interface RepositoryValues {
  readonly enabled: boolean;
}

export interface TimetableRepository extends RepositoryValues, WithHistory<RepositoryValues> {
  readonly uuid: string;
  readonly id: number;
}

const valuesOf = ({ enabled }: RepositoryValues): RepositoryValues => ({ enabled });

export const evolveRepository = (
  row: TimetableRepository | undefined,
  { type, data, metadata }: Recorded<RepositoryEvent>,
): TimetableRepository | undefined => {
  switch (type) {
    case 'repository-registered': {
      const { uuid, id, enabled } = data;
      return { uuid, id, enabled, since: metadata.occurredAt, past: [] };
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
