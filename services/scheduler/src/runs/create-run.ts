import {
  runStream,
  type OccurrenceEvent,
  type RpcOutput,
  type RunRequested,
  type schedulerCommands,
} from '@cyborgbackup/contracts';
import { claim, handleCommand, loadState } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import { drawIds } from '@cyborgbackup/service';
import { findPreparations, hasActiveJobs } from './active-jobs.ts';
import { claimArchiveNames } from './planning/claim-archive-names.ts';
import { archiveNamesOf, checkSize, headJob, planRun, type RunPlan } from './planning/plan-run.ts';
import { preparationsOf, sharePreparations } from './planning/share-preparations.ts';
import { runDecider, type RunState } from './run-decider.ts';
import type { CreateRunDeps, RunDeps } from './run-deps.ts';

/** A run that is in the log. */
export interface CreatedRun {
  readonly run: RunRequested;
  readonly position: bigint;
}

export type LaunchAnswer = RpcOutput<typeof schedulerCommands.launch>;

const createdRun = ({ requested }: RunState, position: bigint | undefined): CreatedRun | undefined =>
  requested && position !== undefined ? { run: requested, position } : undefined;

/** The run if it was created before. */
export const findRun = async ({ commands }: CreateRunDeps, run: string): Promise<CreatedRun | undefined> => {
  const { state, position } = await loadState(commands, runDecider, runStream(run));
  return createdRun(state, position);
};

/** What was decided about an occurrence: its run, or that there is none. */
export interface Decision {
  /** Up to when it accounts for occurrences, in milliseconds since 1970. */
  readonly until: number;
  readonly position: bigint;
}

/** What was decided about the occurrence whose run has this uuid; undefined for nothing yet. */
export const findDecision = async ({ commands }: CreateRunDeps, run: string): Promise<Decision | undefined> => {
  const { state, position } = await loadState(commands, runDecider, runStream(run));
  const { accountsUntil: until } = state;
  return until === null || position === undefined ? undefined : { until: Date.parse(until), position };
};

/**
 * Claims the names of the archives. They bear the time of the first attempt to create the run: names are claimed for ever, and
 * a run that is tried again and again must not claim more.
 */
const claimNames = async ({ commands, clock }: CreateRunDeps, plan: RunPlan): Promise<ReadonlyMap<string, string>> => {
  const owner = runStream(plan.run);
  const firstAttempt = await claim({ ...commands, clock }, { kind: 'run', value: plan.run, owner });
  const preferred = archiveNamesOf(plan, Date.parse(firstAttempt));
  return claimArchiveNames(commands, { owner, repository: plan.resolved.repository.uuid, preferred });
};

/** Draws and claims all that a run needs. @throws AppError `conflict` when it would be too large */
const prepareRun = async (deps: CreateRunDeps, plan: RunPlan): Promise<RunRequested> => {
  checkSize(plan);
  const ids = await drawIds(deps.pool, 'job', plan.drafts.length);
  const makesArchives = plan.drafts.some(({ job_type }) => job_type === 'job');
  return planRun(plan, { ids, archives: makesArchives ? await claimNames(deps, plan) : new Map() });
};

/** @throws AppError `conflict` when the run is that of an occurrence that was skipped */
const appendRun = async (deps: CreateRunDeps, run: RunRequested): Promise<CreatedRun> => {
  const handle = handleCommand(deps.commands, runDecider);
  const { state, position } = await handle(runStream(run.uuid), { type: 'request', run }, { commandId: run.uuid });
  const created = createdRun(state, position);
  if (!created) throw new AppError('conflict', 'This run was skipped: draw a new run id.');
  return created;
};

/**
 * Appends a run that waits for preparations of other runs where these do what it needs. The caller holds the launch lock, so
 * that no two launches make the same; that a preparation ends meanwhile does no harm, for its outcome counts.
 * See docs/decisions/0032-preparations-are-shared.md.
 * @param since when its policy was read
 */
const appendSharing = async (deps: RunDeps, run: RunRequested, since: number): Promise<CreatedRun> => {
  const wanted = preparationsOf(run);
  if (wanted.length === 0) return appendRun(deps, run);
  return appendRun(deps, sharePreparations(run, await findPreparations(deps, wanted, since)));
};

/**
 * Appends a run: one event, so that a launch is never half done (docs/decisions/0001-a-run-is-one-event.md). The run's uuid is
 * its idempotency key: a run that was created before is returned as it is.
 * It takes the launch lock if the run prepares anything.
 * @throws AppError `conflict` when the run would be too large, or its occurrence was skipped
 */
export const createRun = async (deps: RunDeps, plan: RunPlan): Promise<CreatedRun> => {
  const since = deps.clock.now();
  const run = await prepareRun(deps, plan);
  return preparationsOf(run).length === 0
    ? appendRun(deps, run)
    : deps.lock.hold(() => appendSharing(deps, run, since));
};

/** The run if it was created before. @throws AppError `conflict` when a client is busy with another one */
const findUnlessBusy = async (deps: RunDeps, plan: RunPlan, busy: string): Promise<CreatedRun | undefined> => {
  const clients = plan.drafts.flatMap(({ client }) => client?.uuid ?? []);
  const isBusy = await hasActiveJobs(deps, plan.resolved.repository.uuid, clients);
  // Looked up after the clients: when it is the run itself, just created, that makes them busy, it is found here.
  const known = await findRun(deps, plan.run);
  if (isBusy && !known) throw new AppError('conflict', busy);
  return known;
};

/**
 * Creates the run unless one of its clients is busy with the repository. Of launches at the same moment one wins. All that
 * takes long, thousands of names, is done before the lock is taken, which every launch needs for a moment.
 * @throws AppError `conflict` with the sentence given, or as `createRun`
 */
export const createRunUnlessBusy = (deps: RunDeps, plan: RunPlan, busy: string): Promise<CreatedRun> => {
  const { uuid } = plan.resolved.repository;
  const since = deps.clock.now();
  return deps.lock.oneByOne(uuid, async () => {
    const known = await findUnlessBusy(deps, plan, busy);
    if (known) return known;
    const run = await prepareRun(deps, plan);
    return deps.lock.hold(async () => (await findUnlessBusy(deps, plan, busy)) ?? appendSharing(deps, run, since));
  });
};

/** Answers a command that creates a run; one that comes again is answered as the first time, without creating anything. */
export const answerWithRun = async (
  deps: CreateRunDeps,
  run: string,
  create: () => Promise<CreatedRun>,
): Promise<LaunchAnswer> => {
  const created = (await findRun(deps, run)) ?? (await create());
  return { job: headJob(created.run.jobs).id, position: String(created.position) };
};

/**
 * Records that an occurrence has no run, instead of the run; nothing when it was decided before.
 * @returns whether this call decided it
 */
export const skipOccurrence = async (
  { commands }: CreateRunDeps,
  run: string,
  skipped: OccurrenceEvent['data'],
): Promise<boolean> => {
  const { events } = await handleCommand(commands, runDecider)(runStream(run), { type: 'skip', skipped });
  return events.length > 0;
};
