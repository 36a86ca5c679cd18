import { jobStream, jobSucceeded, runRequested, runStream } from '@cyborgbackup/contracts';
import { handleCommand, type CommandDeps } from '@cyborgbackup/event-store';
import { AppError, type EventMetadata } from '@cyborgbackup/kernel';
import { drawIds } from '@cyborgbackup/service';
import { actingUser } from '../tables/planned-rows.ts';
import { claimArchiveNames } from './planning/claim-archive-names.ts';
import { draftExtension } from './planning/draft-launch.ts';
import { archiveNamesFor, planJobs } from './planning/plan-run.ts';
import { runDecider } from './run-decider.ts';
import type { CreateRunDeps } from './run-deps.ts';

/** The first event of a type in a stream. */
const findEvent = async <Data>(
  { store, codec }: CommandDeps,
  stream: string,
  { type, schema }: { readonly type: string; readonly schema: { readonly parse: (data: unknown) => Data } },
): Promise<{ readonly data: Data; readonly metadata: EventMetadata } | undefined> => {
  for await (const recorded of store.readStream(stream)) {
    if (recorded.type !== type) continue;
    const { data, metadata } = await codec.decode(recorded);
    return { data: schema.parse(data), metadata };
  }
  return undefined;
};

/**
 * Plans the jobs of all machines that a job of the run found, and appends them: one event, so that a run is never half
 * extended. This is idempotent: the jobs' uuids follow from the run and the machines, and their archives' names from the time
 * at which these were found. See docs/decisions/0011-machines-extend-a-run.md.
 */
export const extendRun = async (deps: CreateRunDeps, run: string, foundBy: string): Promise<void> => {
  const { commands, pool } = deps;
  const requested = await findEvent(commands, runStream(run), runRequested);
  const succeeded = await findEvent(commands, jobStream(foundBy), jobSucceeded);
  const finder = requested?.data.jobs.find(({ uuid }) => uuid === foundBy);
  if (!requested || !succeeded || !finder) throw new AppError('not-found', `The job ${foundBy} is not in the log.`);
  const { uuid, policy, repository, schedule, due_at } = requested.data;
  const facts = { uuid, policy, repository, schedule, due_at };
  const drafts = draftExtension(facts, finder, succeeded.data.machines);
  const ids = await drawIds(pool, 'job', drafts.length);
  const foundAt = Date.parse(succeeded.metadata.occurredAt);
  const archives = await claimArchiveNames(commands, {
    // Not the run: another of its jobs may prefer the same names for other machines.
    owner: jobStream(foundBy),
    repository: facts.repository?.uuid ?? '',
    preferred: archiveNamesFor(facts.policy?.policy_type ?? '', drafts, foundAt),
  });
  const extension = {
    ...facts,
    found_by: foundBy,
    requested_by: actingUser(requested.metadata),
    jobs: planJobs(drafts, { ids, archives }),
  };
  await handleCommand(commands, runDecider)(runStream(run), { type: 'extend', extension });
};
