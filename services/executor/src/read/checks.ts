import type { JobEvent, RunEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

/** One `borg check` of a repository. */
export interface CheckRow {
  readonly job: string;
  /** Names the run, and by that the repository; see runs.ts. */
  readonly run: string;
  /** Null until it told something. */
  readonly told: string | null;
  /** Nothing was found. */
  readonly clean: boolean;
  /** Names of archives; borg cannot always tell which ones damage is in. */
  readonly damaged: readonly string[];
}

export const checks = defineReadModel<CheckRow, RunEvent | JobEvent>({
  table: 'checks',
  columns: { job: 'uuid', run: 'uuid', told: 'timestamptz?', clean: 'bool', damaged: 'text[]' },
  key: ['job'],
  indexes: ['(run)'],
  on: {
    'run-requested': ({ data }, table) =>
      table.put(
        ...data.jobs
          .filter(({ job_type, check }) => job_type === 'integrity' || check === 'archives')
          .map(({ uuid }) => ({ job: uuid, run: data.uuid, told: null, clean: false, damaged: [] })),
      ),
    'job-succeeded': ({ data, metadata }, table) =>
      data.check ? table.update({ job: data.job }, { told: metadata.occurredAt, clean: true }) : [],
    'job-failed': ({ data, metadata }, table) =>
      data.check ? table.update({ job: data.job }, { told: metadata.occurredAt, damaged: data.check.damaged }) : [],
  },
});
