import type { DrillResult, JobEvent, PlannedJob, RunEvent, RunRequested } from '@cyborgbackup/contracts';
import { defineReadModel, type TableChanges } from '@cyborgbackup/projections';

/** One restore drill, planned or run. */
export interface DrillRow {
  /** Of its job. */
  readonly id: number;
  readonly job: string;
  readonly policy_id: number | null;
  readonly policy_uuid: string | null;
  readonly policy_name: string;
  readonly client_id: number | null;
  readonly client_uuid: string | null;
  readonly client_hostname: string;
  /** The virtual machine's name or id, or empty. */
  readonly machine: string;
  readonly archive_name: string;
  /** Which files were picked follows from it. */
  readonly seed: string;
  readonly requested: string;
  /** Null until it has ended. */
  readonly ended: string | null;
  /** Null while nothing is proven: it has not ended, or was canceled. */
  readonly passed: boolean | null;
  /** Files that were looked at, and those that were not as they should be. */
  readonly files: number;
  readonly failed_files: number;
  readonly bytes: number;
  /** Seconds. */
  readonly duration: number | null;
  /** Why it failed; empty otherwise. */
  readonly reason: string;
}

const policyOf = ({ policy }: Pick<RunRequested, 'policy'>) =>
  policy
    ? { policy_id: policy.id, policy_uuid: policy.uuid, policy_name: policy.name }
    : { policy_id: null, policy_uuid: null, policy_name: '' };

const clientOf = ({ client, machine }: PlannedJob) => ({
  ...(client
    ? { client_id: client.id, client_uuid: client.uuid, client_hostname: client.hostname }
    : { client_id: null, client_uuid: null, client_hostname: '' }),
  machine: machine ? machine.name || machine.id : '',
});

const NOTHING_YET = { ended: null, passed: null, files: 0, failed_files: 0, bytes: 0, duration: null, reason: '' };

const planned = (run: Pick<RunRequested, 'policy'>, job: PlannedJob, requested: string): readonly DrillRow[] => {
  const { id, uuid, archive_name, drill } = job;
  if (!drill) return [];
  const about = { id, job: uuid, archive_name: archive_name ?? '', seed: drill.seed, requested };
  return [{ ...about, ...policyOf(run), ...clientOf(job), ...NOTHING_YET }];
};

const proof = (drill: DrillResult | null): Partial<DrillRow> =>
  drill
    ? {
        files: drill.files.length,
        failed_files: drill.files.filter(({ problem }) => problem !== '').length,
        bytes: drill.bytes,
        duration: drill.duration,
      }
    : {};

const change = (table: TableChanges<DrillRow>, job: string, changes: Partial<DrillRow>) =>
  table.update({ job }, changes);

export const drills = defineReadModel<DrillRow, RunEvent | JobEvent>({
  table: 'drills',
  columns: {
    id: 'int4',
    job: 'uuid',
    policy_id: 'int4?',
    policy_uuid: 'uuid?',
    policy_name: 'text',
    client_id: 'int4?',
    client_uuid: 'uuid?',
    client_hostname: 'text',
    machine: 'text',
    archive_name: 'text',
    seed: 'text',
    requested: 'timestamptz',
    ended: 'timestamptz?',
    passed: 'bool?',
    files: 'int4',
    failed_files: 'int4',
    bytes: 'safeint',
    duration: 'float8?',
    reason: 'text',
  },
  key: ['job'],
  indexes: ['(id)', '(client_uuid, policy_uuid, machine, ended)'],
  on: {
    'run-requested': ({ data, metadata }, table) =>
      table.put(...data.jobs.flatMap((job) => planned(data, job, metadata.occurredAt))),
    'job-succeeded': ({ data, metadata }, table) =>
      data.drill ? change(table, data.job, { ended: metadata.occurredAt, passed: true, ...proof(data.drill) }) : [],
    'job-failed': ({ data, metadata }, table) =>
      change(table, data.job, {
        ended: metadata.occurredAt,
        passed: false,
        reason: data.reason,
        ...proof(data.drill),
      }),
    'job-canceled': ({ data, metadata }, table) =>
      change(table, data.job, { ended: metadata.occurredAt, reason: data.reason }),
  },
});
