import {
  jobStream,
  jobSucceeded,
  runRequested,
  runStream,
  type PlannedJob,
  type RunExtended,
  type RunRequested,
} from '@cyborgbackup/contracts';
import { handleCommand, type CommandDeps } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import { drawIds } from '@cyborgbackup/service';
import { actingUser } from '../read/planned-rows.ts';
import { claimArchiveNames } from './planning/claim-archive-names.ts';
import { draftExtension } from './planning/draft-extension.ts';
import { archivesWanted, planJobs } from './planning/plan-run.ts';
import type { RequestRunDeps } from './create-run.ts';
import { runDecider } from './run-decider.ts';

interface PlannedRun {
  readonly run: RunRequested;
  readonly requestedBy: string | null;
}

const readRun = async ({ store, codec }: CommandDeps, run: string): Promise<PlannedRun | undefined> => {
  for await (const recorded of store.readStream(runStream(run))) {
    if (recorded.type !== runRequested.type) continue;
    const { data } = await codec.decode(recorded);
    return { run: runRequested.schema.parse(data), requestedBy: actingUser(recorded.metadata) };
  }
  return undefined;
};

interface FoundMachines {
  readonly machines: readonly NonNullable<PlannedJob['machine']>[];
  /** Milliseconds since 1970. */
  readonly foundAt: number;
}

const readMachines = async ({ store, codec }: CommandDeps, job: string): Promise<FoundMachines> => {
  for await (const recorded of store.readStream(jobStream(job))) {
    if (recorded.type !== jobSucceeded.type) continue;
    const { data } = await codec.decode(recorded);
    return { machines: jobSucceeded.schema.parse(data).machines, foundAt: Date.parse(recorded.metadata.occurredAt) };
  }
  throw new AppError('not-found', `The job ${job} has found no machines.`);
};

/**
 * Plans the jobs of all machines that a job of the run found, and appends them: one event, so that a run is never half
 * extended. Done again it changes nothing: the jobs' uuids follow from the run and the machines, and their archives' names
 * from the time at which these were found.
 */
export const extendRun = async (deps: RequestRunDeps, run: string, foundBy: string): Promise<void> => {
  const { commands, pool } = deps;
  const planned = await readRun(commands, run);
  const finder = planned?.run.jobs.find(({ uuid }) => uuid === foundBy);
  if (!planned || !finder) throw new AppError('not-found', `The job ${foundBy} is not in the log.`);
  const { jobs: _jobs, extra_vars: _variables, ...facts } = planned.run;
  const { machines, foundAt } = await readMachines(commands, foundBy);
  const drafts = draftExtension(planned.run, finder, machines);
  const ids = await drawIds(pool, 'job', drafts.length);
  const archives = await claimArchiveNames(commands, {
    // Not the run: another of its jobs may want the same names for other machines.
    owner: jobStream(foundBy),
    repository: facts.repository?.uuid ?? '',
    wanted: archivesWanted(facts.policy?.policy_type ?? '', drafts, foundAt),
  });
  const extension: RunExtended = {
    ...facts,
    found_by: foundBy,
    requested_by: planned.requestedBy,
    jobs: planJobs(drafts, { ids, archives }),
  };
  await handleCommand(commands, runDecider)(runStream(run), { do: 'extend', extension });
};
