import type { DrillResult, JobEvent, PlannedJob, RunEvent, RunRequested } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { executor, type DrillRow } from '@cyborgbackup/read-models';

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

const NOTHING_YET = { ended_at: null, passed: null, files: 0, failed_files: 0, bytes: 0, duration: null, reason: '' };

const planned = (run: Pick<RunRequested, 'policy'>, job: PlannedJob, requested_at: string): readonly DrillRow[] => {
  const { id, uuid, archive_name, drill } = job;
  if (!drill) return [];
  const about = { id, job: uuid, archive_name: archive_name ?? '', seed: drill.seed, requested_at };
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

export const drills = defineReadModel<DrillRow, RunEvent | JobEvent>(executor.drills, {
  'run-requested': ({ data, metadata }, table) =>
    table.put(...data.jobs.flatMap((job) => planned(data, job, metadata.occurredAt))),
  'job-succeeded': ({ data, metadata }, table) =>
    data.drill
      ? table.update({ job: data.job }, { ended_at: metadata.occurredAt, passed: true, ...proof(data.drill) })
      : [],
  'job-failed': ({ data, metadata }, table) =>
    table.update(
      { job: data.job },
      {
        ended_at: metadata.occurredAt,
        passed: false,
        reason: data.reason,
        ...proof(data.drill),
      },
    ),
  'job-canceled': ({ data, metadata }, table) =>
    table.update({ job: data.job }, { ended_at: metadata.occurredAt, reason: data.reason }),
});
