import type { PlannedJob, RunRequested } from '@cyborgbackup/contracts';
import { preparationOf } from '../../job/preparation.ts';

/** What a job prepares, if it was not asked for itself: then another one that does the same takes its place. */
const sharedPreparation = (run: RunRequested, job: PlannedJob): string | null =>
  job.launch_type === 'dependency' ? preparationOf(run, job) : null;

/** What the run prepares that other runs may be preparing already. */
export const preparationsOf = (run: RunRequested): readonly string[] =>
  run.jobs.flatMap((job) => sharedPreparation(run, job) ?? []);

/**
 * The run without the preparations that jobs of other runs do already: what needs these waits for those jobs.
 * @param open uuids of preparations that have not ended, by what they prepare
 */
export const sharePreparations = (run: RunRequested, open: ReadonlyMap<string, string>): RunRequested => {
  const others = new Map<string, string>();
  for (const job of run.jobs) {
    const other = open.get(sharedPreparation(run, job) ?? '');
    if (other !== undefined) others.set(job.uuid, other);
  }
  const withoutShared = run.jobs.filter(({ uuid }) => !others.has(uuid));
  const jobs = withoutShared.map((job) => ({ ...job, needs: job.needs.map((need) => others.get(need) ?? need) }));
  return { ...run, jobs };
};
