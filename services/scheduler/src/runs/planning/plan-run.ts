import type { PlannedJob, RunRequested } from '@cyborgbackup/contracts';
import { archiveName } from './archive-name.ts';
import type { DraftJob, ResolvedPolicy } from './draft-jobs.ts';

/** What a run is about, as inventory has it now. Runs of a repository alone have no policy and no variables. */
export interface ResolvedRun {
  readonly policy: ResolvedPolicy['policy'] | null;
  readonly repository: Pick<ResolvedPolicy['repository'], 'id' | 'uuid' | 'name' | 'path'>;
  readonly schedule: { readonly id: number; readonly name: string } | null;
  readonly extra_vars: ResolvedPolicy['extra_vars'] | null;
}

export interface RunPlan {
  readonly run: string;
  readonly resolved: ResolvedRun;
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

/** The archives that backups make, named after the time of their planning. Clients of one name want the same. */
export const archivesWanted = (
  policyType: string,
  drafts: readonly DraftJob[],
  millis: number,
): readonly WantedArchive[] =>
  drafts.flatMap(({ uuid, job_type, client, machine }) => {
    if (job_type !== 'job' || !client) return [];
    const source = { hostname: client.hostname, machine: machine && (machine.name || machine.id) };
    return [{ job: uuid, name: archiveName(policyType, source, millis) }];
  });

export const wantedArchives = ({ resolved, drafts }: RunPlan, millis: number): readonly WantedArchive[] =>
  archivesWanted(resolved.policy?.policy_type ?? '', drafts, millis);

const archiveOf = (draft: DraftJob, archives: DrawnNames['archives']): string | null => {
  const subject = draft.job_type === 'catalog' ? draft.master_job : draft.uuid;
  return archives.get(subject ?? '') ?? draft.archive_name;
};

export const planJobs = (drafts: readonly DraftJob[], { ids, archives }: DrawnNames): PlannedJob[] =>
  drafts.map((draft, index) => {
    const id = ids[index];
    if (id === undefined) throw new TypeError('Fewer ids were drawn than jobs were planned');
    return { ...draft, id, archive_name: archiveOf(draft, archives) };
  });

const snapshotOf = (policy: ResolvedRun['policy']): RunRequested['policy'] => {
  if (!policy) return null;
  const { enabled: _enabled, ...snapshot } = policy;
  return snapshot;
};

/** Everything the jobs of a run need to know, in the one event that starts it. */
export const planRun = (plan: RunPlan, drawn: DrawnNames): RunRequested => {
  const { resolved, drafts } = plan;
  const { id, uuid, name, path } = resolved.repository;
  return {
    uuid: plan.run,
    policy: snapshotOf(resolved.policy),
    repository: { id, uuid, name, path },
    schedule: resolved.schedule && { id: resolved.schedule.id, name: resolved.schedule.name },
    due_at: plan.dueAt,
    extra_vars: plan.extraVars ?? resolved.extra_vars,
    jobs: planJobs(drafts, drawn),
  };
};

/** The job that an answer to a launch names: the first one that was asked for, not only needed. */
export const headJob = (jobs: readonly PlannedJob[]): PlannedJob => {
  const head = jobs.find(({ launch_type }) => launch_type !== 'dependency');
  if (!head) throw new TypeError('A run without a job that was asked for');
  return head;
};
