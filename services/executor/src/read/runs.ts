import type { RunEvent, RunRequested } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { executor, type RunRow } from '@cyborgbackup/read-models';

const runRow = ({ uuid, policy, repository }: RunRequested): RunRow => ({
  run: uuid,
  policy: policy?.uuid ?? null,
  repository: repository?.uuid ?? null,
});

export const runs = defineReadModel<RunRow, RunEvent>(executor.runs, {
  'run-requested': ({ data }, table) => table.put(runRow(data)),
});
