import type { PlannedJob, RunRequested, RunSecrets } from '@cyborgbackup/contracts';
import { MAX_APPEND_CHARACTERS } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import { archiveName } from './archive-name.ts';
import type { DraftJob, ResolvedPolicy } from './draft-jobs.ts';

/** What a run is about, as inventory has it now. Runs of a repository alone have no policy and none of its secrets. */
export interface ResolvedRun extends RunSecrets {
  readonly policy: ResolvedPolicy['policy'] | null;
  readonly repository: Pick<ResolvedPolicy['repository'], 'id' | 'uuid' | 'name' | 'path'>;
  readonly schedule: { readonly id: number; readonly name: string } | null;
}

export interface RunPlan {
  readonly run: string;
  readonly resolved: ResolvedRun;
  /** Instead of the policy's own; null or undefined leaves those. */
  readonly extraVars?: string | null;
  /** Due time of a scheduled run, ISO 8601. */
  readonly dueAt?: string | null;
  readonly drafts: readonly DraftJob[];
}

/** What is drawn and claimed for the jobs of a run. */
export interface RunIdentifiers {
  /** One for each job, ascending. */
  readonly ids: readonly number[];
  /** Claimed names of the archives that backups make, by the backup's uuid. */
  readonly archives: ReadonlyMap<string, string>;
}

/** The name that the archive of a backup gets unless it is taken. */
export interface PreferredName {
  readonly job: string;
  readonly name: string;
}

/** The archives that backups make, named after the time of their planning. Clients of the same hostname prefer the same. */
export const archiveNamesFor = (
  policyType: string,
  drafts: readonly DraftJob[],
  millis: number,
): readonly PreferredName[] =>
  drafts.flatMap(({ uuid, job_type, client, machine }) => {
    if (job_type !== 'job' || !client) return [];
    const source = { hostname: client.hostname, machine: machine && (machine.name || machine.id) };
    return [{ job: uuid, name: archiveName(policyType, source, millis) }];
  });

export const archiveNamesOf = ({ resolved, drafts }: RunPlan, millis: number): readonly PreferredName[] =>
  archiveNamesFor(resolved.policy?.policy_type ?? '', drafts, millis);

export const planJobs = (drafts: readonly DraftJob[], { ids, archives }: RunIdentifiers): PlannedJob[] =>
  drafts.map((draft, index) => {
    const id = ids[index];
    if (id === undefined) throw new TypeError('Fewer ids were drawn than jobs were planned');
    const backup = draft.job_type === 'catalog' ? draft.master_job : draft.uuid;
    return { ...draft, id, archive_name: archives.get(backup ?? '') ?? draft.archive_name };
  });

const snapshotOf = (policy: ResolvedRun['policy']): RunRequested['policy'] => {
  if (!policy) return null;
  const { enabled: _enabled, ...snapshot } = policy;
  return snapshot;
};

/** Everything the jobs of a run need to know, in the one event that starts it. */
export const planRun = (plan: RunPlan, identifiers: RunIdentifiers): RunRequested => {
  const { resolved, drafts } = plan;
  const { id, uuid, name, path } = resolved.repository;
  return {
    uuid: plan.run,
    policy: snapshotOf(resolved.policy),
    repository: { id, uuid, name, path },
    schedule: resolved.schedule && { id: resolved.schedule.id, name: resolved.schedule.name },
    due_at: plan.dueAt ?? null,
    extra_vars: plan.extraVars ?? resolved.extra_vars,
    prehook: resolved.prehook,
    posthook: resolved.posthook,
    jobs: planJobs(drafts, identifiers),
  };
};

/** For what the event has beside its plan, and what sealing adds to the variables. */
const RESERVED = 256 * 1_024;
const LONGEST_ID = 2 ** 31 - 1;
/** As long as the longest number that is added to a name that is taken. */
const LONGEST_NUMBER = '-1000';

/**
 * A run is one event, of the size of an append at most. This is checked before ids are drawn and names claimed, which cannot
 * be given back, on the event with the longest ids and names.
 * @throws AppError `conflict` when the run is too large
 */
export const checkSize = (plan: RunPlan): void => {
  const largest = planRun(plan, {
    ids: plan.drafts.map(() => LONGEST_ID),
    archives: new Map(archiveNamesOf(plan, 0).map(({ job, name }) => [job, name + LONGEST_NUMBER])),
  });
  if (JSON.stringify(largest).length + RESERVED <= MAX_APPEND_CHARACTERS) return;
  const { policy } = plan.resolved;
  const subject = policy ? `The policy "${policy.name}"` : 'This run';
  const clients = new Set(plan.drafts.flatMap(({ client }) => client?.uuid ?? [])).size;
  throw new AppError(
    'conflict',
    `${subject} has too many clients for one run (${clients}, with ${plan.drafts.length} jobs): split it into several.`,
  );
};

/** The job that an answer to a launch names: the first one that was asked for, not only needed. */
export const headJob = (jobs: readonly PlannedJob[]): PlannedJob => {
  const head = jobs.find(({ launch_type }) => launch_type !== 'dependency');
  if (!head) throw new TypeError('A run without a job that was asked for');
  return head;
};
