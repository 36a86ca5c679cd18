import { runStream, type RunRequested } from '@cyborgbackup/contracts';
import { handleCommand, loadState, type ClaimDeps } from '@cyborgbackup/event-store';
import type { Clock } from '@cyborgbackup/kernel';
import { drawIds } from '@cyborgbackup/service';
import type { Pool } from 'pg';
import { claimArchiveNames } from './claim-archive-names.ts';
import { planRun, wantedArchives, type RunPlan } from './plan-run.ts';
import { runDecider } from './run-decider.ts';

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

/** The run if it was requested before. */
export const findRun = async ({ commands }: RequestRunDeps, run: string): Promise<RequestedRun | undefined> => {
  const { state, position } = await loadState(commands, runDecider, runStream(run));
  return state && position !== undefined ? { run: state, position } : undefined;
};

/**
 * Draws the ids, claims the archives' names and appends the run: one event, so that a launch is never half done. A run
 * that was requested before is answered as it was then.
 */
export const requestRun = async (deps: RequestRunDeps, plan: RunPlan): Promise<RequestedRun> => {
  const ids = await drawIds(deps.pool, 'job', plan.drafts.length);
  const archives = await claimArchiveNames(deps.commands, {
    run: plan.run,
    repository: plan.resolved.repository.uuid,
    wanted: wantedArchives(plan, deps.clock.now()),
  });
  const requested = planRun(plan, { ids, archives });
  const handle = handleCommand(deps.commands, runDecider);
  const { state, position } = await handle(runStream(plan.run), requested, { commandId: plan.run });
  if (state === undefined || position === undefined) throw new TypeError('A run without its first event');
  return { run: state, position };
};
