import type { PlannedJob, RunExtended, RunFacts } from '@cyborgbackup/contracts';
import type { EventMetadata } from '@cyborgbackup/kernel';
import type { JobRow } from '@cyborgbackup/read-models';
import { preparationOf } from '../job/preparation.ts';
import { taskOf } from '../job/run-kind.ts';

/** A job that has not moved yet. */
const UNTOUCHED = {
  failed: false,
  started: null,
  finished: null,
  attempt: 0,
  paused_until: null,
  executor: '',
  cancel_requested: false,
  job_explanation: '',
  warnings: [],
  result: null,
  original_size: 0,
  compressed_size: 0,
  deduplicated_size: 0,
  files: 0,
  revision: 1,
} as const;

/** In place of a policy, repository, schedule, client or machine that a job has none of. */
const NONE = { id: null, uuid: null, name: '', policy_type: '', hostname: '' } as const;

/** The user behind an event; null for a service. */
export const actingUser = ({ actor }: EventMetadata): string | null => (actor.kind === 'user' ? actor.id : null);

/** What a run's jobs have in common. */
const runColumns = ({ uuid, due_at, ...run }: RunFacts) => {
  const [policy, repository, schedule] = [run.policy ?? NONE, run.repository ?? NONE, run.schedule ?? NONE];
  return {
    run: uuid,
    policy: policy.id,
    policy_uuid: policy.uuid,
    policy_name: policy.name,
    policy_type: policy.policy_type,
    repository: repository.id,
    repository_uuid: repository.uuid,
    repository_name: repository.name,
    schedule: schedule.id,
    schedule_name: schedule.name,
    due_at,
  };
};

const clientColumns = ({ id, uuid, hostname }: NonNullable<PlannedJob['client']> | typeof NONE) => ({
  client: id,
  client_uuid: uuid,
  client_hostname: hostname,
});

/** Ids of jobs, by uuid: each one's own, and that of the first job that needs it. */
const jobIds = (
  jobs: readonly PlannedJob[],
): Record<'own' | 'successor', ReadonlyMap<string | null, number | undefined>> => {
  const successor = new Map<string, number>();
  for (const { id, needs } of jobs) {
    for (const need of needs) if (!successor.has(need)) successor.set(need, id);
  }
  return { own: new Map(jobs.map(({ uuid, id }) => [uuid, id])), successor };
};

const relativeColumns = (job: PlannedJob, { own, successor }: ReturnType<typeof jobIds>) => ({
  master_job: own.get(job.master_job) ?? job.master_job_id ?? null,
  master_job_uuid: job.master_job,
  dependent_jobs: successor.get(job.uuid) ?? null,
});

/** What a run plans, and who wants it. */
export type PlannedRun = RunFacts & Pick<RunExtended, 'jobs'> & { readonly user: string | null };

/** The rows of jobs as they are when they are planned. Of those in `succeeded` they need nothing any more. */
export const plannedRows = (
  run: PlannedRun,
  { occurredAt, correlationId }: EventMetadata,
  succeeded: readonly string[] = [],
): readonly JobRow[] => {
  const ids = jobIds(run.jobs);
  const creation = {
    created: occurredAt,
    modified: occurredAt,
    created_by: run.user,
    modified_by: run.user,
    correlation_id: correlationId,
  };
  return run.jobs.map((job) => ({
    ...UNTOUCHED,
    ...runColumns(run),
    ...creation,
    uuid: job.uuid,
    id: job.id,
    name: job.name,
    job_type: job.job_type,
    task: taskOf(job),
    ...clientColumns(job.client ?? NONE),
    launch_type: job.launch_type,
    preparation: preparationOf(run, job),
    restore: job.restore ? JSON.stringify(job.restore) : null,
    machine_id: job.machine?.id ?? null,
    machine_name: job.machine?.name ?? null,
    status: job.needs.every((need) => succeeded.includes(need)) ? 'pending' : 'waiting',
    needs: job.needs,
    ...relativeColumns(job, ids),
    archive_name: job.archive_name,
  }));
};
