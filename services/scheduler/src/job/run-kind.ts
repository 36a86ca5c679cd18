import type { CheckSubject, PlannedJob, RunFacts, OccurrenceKind } from '@cyborgbackup/contracts';

/** What a job does, where its type does not say it all. */
export type JobTask = CheckSubject | 'drill';

/** Null for a job whose type says it all. */
export const taskOf = ({ job_type, check, drill }: PlannedJob): JobTask | null => {
  if (drill) return 'drill';
  return job_type === 'check' ? (check ?? null) : null;
};

/** What a run is for: what its occurrence is of, when a schedule started it. */
export type RunKind = OccurrenceKind | 'restore';

interface KnownJob {
  readonly job_type: string;
  readonly task: string | null;
}

export const kindOf = (policy: string | null, jobs: readonly KnownJob[]): RunKind => {
  const has = (type: string): boolean => jobs.some(({ job_type }) => job_type === type);
  if (jobs.some(({ task }) => task === 'drill')) return 'drill';
  if (has('restore')) return 'restore';
  if (policy !== null) return 'backup';
  return has('integrity') ? 'integrity' : 'check';
};

export const kindOfRun = ({
  policy,
  jobs,
}: Pick<RunFacts, 'policy'> & { readonly jobs: readonly PlannedJob[] }): RunKind =>
  kindOf(
    policy?.uuid ?? null,
    jobs.map((job) => ({ job_type: job.job_type, task: taskOf(job) })),
  );

/**
 * Runs with the same name are in each other's way: those of a policy that make backups, its drills, and the checks of a
 * repository. A restore is in nobody's way.
 */
export const activityOf = (kind: RunKind, subject: string | null): string | null =>
  kind === 'restore' || subject === null ? null : `${kind === 'integrity' ? 'check' : kind}/${subject}`;
