import type { PlannedJob, RunRequested } from '@cyborgbackup/contracts';
import { archiveName } from './archive-name.ts';
import type { DraftJob, ResolvedPolicy } from './draft-jobs.ts';

export interface RunPlan {
  readonly run: string;
  readonly resolved: ResolvedPolicy;
  /** Instead of the policy's own; null leaves those. */
  readonly extraVars: string | null;
  /** Due time of a scheduled run, ISO 8601. */
  readonly dueAt: string | null;
  readonly drafts: readonly DraftJob[];
}

/** What only the outside world can give. */
export interface DrawnNames {
  /** One for each job, ascending. */
  readonly ids: readonly number[];
  /** Claimed names of the archives that backups make, by the backup's uuid. */
  readonly archives: ReadonlyMap<string, string>;
}

/** A name that some backup of the plan wants for its archive. */
export interface WantedArchive {
  readonly job: string;
  readonly name: string;
}

/** The archives that the plan makes, named after the time of its making. Clients of one name want the same. */
export const wantedArchives = ({ resolved, drafts }: RunPlan, millis: number): readonly WantedArchive[] =>
  drafts.flatMap(({ uuid, job_type, client }) =>
    job_type === 'job' && client
      ? [{ job: uuid, name: archiveName(resolved.policy.policy_type, client.hostname, millis) }]
      : [],
  );

const archiveOf = (draft: DraftJob, archives: DrawnNames['archives']): string | null => {
  const subject = draft.job_type === 'catalog' ? draft.master_job : draft.uuid;
  return archives.get(subject ?? '') ?? draft.archive_name;
};

/** Everything the jobs of a run need to know, in the one event that starts it. */
export const planRun = (plan: RunPlan, { ids, archives }: DrawnNames): RunRequested => {
  const { resolved, drafts } = plan;
  const { enabled: _enabled, ...policy } = resolved.policy;
  const { id, uuid, name, path } = resolved.repository;
  const jobs = drafts.map((draft, index): PlannedJob => {
    const jobId = ids[index];
    if (jobId === undefined) throw new TypeError('Fewer ids were drawn than jobs were planned');
    return { ...draft, id: jobId, archive_name: archiveOf(draft, archives) };
  });
  return {
    uuid: plan.run,
    policy,
    repository: { id, uuid, name, path },
    schedule: { id: resolved.schedule.id, name: resolved.schedule.name },
    due_at: plan.dueAt,
    extra_vars: plan.extraVars ?? resolved.extra_vars,
    jobs,
  };
};

/** The job that an answer to a launch names: the first one that was asked for, not only needed. */
export const headJob = (jobs: readonly PlannedJob[]): PlannedJob => {
  const head = jobs.find(({ launch_type }) => launch_type !== 'dependency');
  if (!head) throw new TypeError('A run without a job that was asked for');
  return head;
};
