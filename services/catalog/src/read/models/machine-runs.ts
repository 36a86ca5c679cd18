import type { RunEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

/** A run that first asks a hypervisor for its machines: their backups are planned later, and are of this policy. */
export interface MachineRunRow {
  readonly run: string;
  readonly repository_uuid: string | null;
  readonly policy_uuid: string | null;
}

export const machineRuns = defineReadModel<MachineRunRow, RunEvent>({
  table: 'machine_runs',
  columns: { run: 'uuid', repository_uuid: 'uuid?', policy_uuid: 'uuid?' },
  key: ['run'],
  on: {
    'run-requested': ({ data: { uuid, jobs, repository, policy } }, table) =>
      jobs.some(({ check }) => check === 'machines')
        ? table.put({ run: uuid, repository_uuid: repository?.uuid ?? null, policy_uuid: policy?.uuid ?? null })
        : [],
  },
});
