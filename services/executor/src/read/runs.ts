import type { RunEvent, RunRequested } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

/** What a run is about. */
export interface RunRow {
  readonly run: string;
  readonly policy: string | null;
  readonly repository: string | null;
}

const runRow = ({ uuid, policy, repository }: RunRequested): RunRow => ({
  run: uuid,
  policy: policy?.uuid ?? null,
  repository: repository?.uuid ?? null,
});

export const runs = defineReadModel<RunRow, RunEvent>({
  table: 'runs',
  columns: { run: 'uuid', policy: 'uuid?', repository: 'uuid?' },
  key: ['run'],
  indexes: ['(policy)', '(repository)'],
  on: { 'run-requested': ({ data }, table) => table.put(runRow(data)) },
});
