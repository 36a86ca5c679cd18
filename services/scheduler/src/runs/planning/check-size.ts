import { MAX_APPEND_CHARACTERS } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import { planRun, wantedArchives, type RunPlan } from './plan-run.ts';

/** For what the event has beside its plan, and what sealing adds to the variables. */
const RESERVED = 256 * 1_024;
const LONGEST_ID = 2 ** 31 - 1;
/** As long as the number that a taken name gets may become. */
const LONGEST_NUMBER = '-1000';

/**
 * A run is one event, and the log takes none that is larger than this: asked before ids are drawn and names claimed, which
 * nobody gives back.
 * @throws AppError `conflict` when the run is too large, which it will be the next time too
 */
export const checkSize = (plan: RunPlan): void => {
  const wanted = wantedArchives(plan, 0);
  const largest = planRun(plan, {
    ids: plan.drafts.map(() => LONGEST_ID),
    archives: new Map(wanted.map(({ job, name }) => [job, name + LONGEST_NUMBER])),
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
