import type { PlannedJob, RunRequested } from '@cyborgbackup/contracts';
import { preparationOf } from '../../job/preparation.ts';

/** Names what a job prepares, if it was not asked for itself: then another one that does the same takes its place. */
const sharedPreparation = (run: RunRequested, job: PlannedJob): string | null =>
  job.launch_type === 'dependency' ? preparationOf(run, job) : null;

/** Names what the run prepares, and other runs may be preparing already. */
export const preparationsOf = (run: RunRequested): readonly string[] =>
  run.jobs.flatMap((job) => sharedPreparation(run, job) ?? []);

/**
 * The run without the preparations that jobs of other runs make: what needs these waits for those jobs.
 * @param found uuids of those jobs, by the preparation's name
 */
export const sharePreparations = (run: RunRequested, found: ReadonlyMap<string, string>): RunRequested => {
  const others = new Map<string, string>();
  for (const job of run.jobs) {
    const other = found.get(sharedPreparation(run, job) ?? '');
    if (other !== undefined) others.set(job.uuid, other);
  }
  const withoutShared = run.jobs.filter(({ uuid }) => !others.has(uuid));
  const jobs = withoutShared.map((job) => ({ ...job, needs: job.needs.map((need) => others.get(need) ?? need) }));
  return { ...run, jobs };
};
