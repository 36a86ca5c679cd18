import { runStream, type RunRequested, type OccurrenceEvent } from '@cyborgbackup/contracts';
import { claim, handleCommand, loadState, type ClaimDeps } from '@cyborgbackup/event-store';
import { AppError, type Clock } from '@cyborgbackup/kernel';
import { drawIds } from '@cyborgbackup/service';
import type { Pool } from 'pg';
import { checkSize } from './check-size.ts';
import { claimArchiveNames } from './claim-archive-names.ts';
import { planRun, wantedArchives, type RunPlan } from './plan-run.ts';
import { runDecider, type RunState } from './run-decider.ts';

export interface RequestRunDeps {
  readonly pool: Pool;
  readonly commands: ClaimDeps;
  readonly clock: Clock;
}

/** A run that is in the log. */
export interface RequestedRun {
  readonly run: RunRequested;
  readonly position: bigint;
}

const requestedRun = ({ requested }: RunState, position: bigint | undefined): RequestedRun | undefined =>
  requested && position !== undefined ? { run: requested, position } : undefined;

/** The run if it was requested before. */
export const findRun = async ({ commands }: RequestRunDeps, run: string): Promise<RequestedRun | undefined> => {
  const { state, position } = await loadState(commands, runDecider, runStream(run));
  return requestedRun(state, position);
};

/** Whether it is settled already what becomes of a slot, by its run. */
export const isSettled = async ({ commands }: RequestRunDeps, run: string): Promise<boolean> => {
  const { state } = await loadState(commands, runDecider, runStream(run));
  return state.requested !== undefined || state.isSkipped;
};

/**
 * Claims the names of the archives. They bear the time at which the run was first tried, by whomever: names are for ever,
 * and those of a run that is tried again and again must not become more.
 */
const claimNames = async ({ commands, clock }: RequestRunDeps, plan: RunPlan): Promise<ReadonlyMap<string, string>> => {
  const owner = runStream(plan.run);
  const firstTried = await claim({ ...commands, clock }, { kind: 'run', value: plan.run, owner });
  return claimArchiveNames(commands, {
    owner,
    repository: plan.resolved.repository.uuid,
    wanted: wantedArchives(plan, Date.parse(firstTried)),
  });
};

/**
 * All that a run needs before it is appended: the ids of its jobs, and its archives' names.
 * @throws AppError `conflict` when it would be too large
 */
export const prepareRun = async (deps: RequestRunDeps, plan: RunPlan): Promise<RunRequested> => {
  checkSize(plan);
  const ids = await drawIds(deps.pool, 'job', plan.drafts.length);
  const makesArchives = plan.drafts.some(({ job_type }) => job_type === 'job');
  return planRun(plan, { ids, archives: makesArchives ? await claimNames(deps, plan) : new Map() });
};

/**
 * Appends a run: one event, so that a launch is never half done. A run that was requested before is answered as it was
 * then.
 * @throws AppError `conflict` when the run is that of a slot that was skipped
 */
export const appendRun = async (deps: RequestRunDeps, run: RunRequested): Promise<RequestedRun> => {
  const handle = handleCommand(deps.commands, runDecider);
  const { state, position } = await handle(runStream(run.uuid), { do: 'request', run }, { commandId: run.uuid });
  const requested = requestedRun(state, position);
  if (!requested) throw new AppError('conflict', 'This run was skipped: draw a new run id.');
  return requested;
};

/** Both. @throws AppError as these do */
export const requestRun = async (deps: RequestRunDeps, plan: RunPlan): Promise<RequestedRun> =>
  appendRun(deps, await prepareRun(deps, plan));

/** Records that a slot has no run, instead of its run; nothing when it has been settled in either way before. */
export const skipSlot = async (
  { commands }: RequestRunDeps,
  run: string,
  slot: OccurrenceEvent['data'],
): Promise<boolean> => {
  const { events } = await handleCommand(commands, runDecider)(runStream(run), { do: 'skip', slot });
  return events.length > 0;
};
