import { policyCommands, schedulerCommands } from '@cyborgbackup/contracts';
import type { EventStore } from '@cyborgbackup/event-store';
import { AppError, hasCode } from '@cyborgbackup/kernel';
import type { RpcClient } from '@cyborgbackup/messaging';
import type { z } from 'zod';
import { hasActiveJobs, type ActiveJobsDeps } from './active-jobs.ts';
import { checkLaunch } from './check-launch.ts';
import type { ResolvedPolicy } from './draft-jobs.ts';
import { draftLaunch } from './draft-launch.ts';
import type { LaunchLock } from './launch-lock.ts';
import { headJob, type RunPlan } from './plan-run.ts';
import { appendRun, findRun, prepareRun, type RequestedRun, type RequestRunDeps } from './request-run.ts';

export interface LaunchDeps extends RequestRunDeps, ActiveJobsDeps {
  readonly store: EventStore;
  readonly rpc: Pick<RpcClient, 'call'>;
  readonly lock: LaunchLock;
}

type Launch = z.output<typeof schedulerCommands.launch.input>;
export type LaunchAnswer = z.output<typeof schedulerCommands.launch.output>;

export const RESOLVE_MILLIS = 3_000;

/** Undefined when the clients changed between two answers: the second would have left some out. */
const resolveOnce = async ({ rpc }: Pick<LaunchDeps, 'rpc'>, id: number): Promise<ResolvedPolicy | undefined> => {
  const resolveFrom = (clients_from: number): Promise<z.output<typeof policyCommands.resolve.output>> =>
    rpc.call(
      policyCommands.resolve.subject,
      { id, clients_from },
      { schema: policyCommands.resolve.output, deadlineMillis: RESOLVE_MILLIS },
    );
  const { next: second, revision, ...resolved } = await resolveFrom(0);
  const clients = [...resolved.clients];
  for (let next = second; next !== null;) {
    const page = await resolveFrom(next);
    if (page.revision !== revision) return undefined;
    clients.push(...page.clients);
    next = page.next;
  }
  return { ...resolved, clients };
};

/** Nobody changes a policy more often than that while it is read. */
const RESOLVE_TRIES = 5;

/**
 * The policy as inventory has it at this moment.
 * @throws AppError `not-found`; `unavailable` when its clients change all the time
 */
export const resolvePolicy = async (deps: Pick<LaunchDeps, 'rpc'>, id: number): Promise<ResolvedPolicy> => {
  for (let tries = 0; tries < RESOLVE_TRIES; tries += 1) {
    const resolved = await resolveOnce(deps, id);
    if (resolved) return resolved;
  }
  throw new AppError('unavailable', "The policy's clients are being changed: try again in a moment.");
};

/**
 * As `resolvePolicy`, for something that the policy did earlier.
 * @throws AppError `conflict` when it was removed since
 */
export const resolvePolicyAgain = async (deps: Pick<LaunchDeps, 'rpc'>, id: number): Promise<ResolvedPolicy> => {
  try {
    return await resolvePolicy(deps, id);
  } catch (error) {
    if (!hasCode(error, 'not-found')) throw error;
    throw new AppError('conflict', 'The policy that did this was removed: make a new one and launch that.');
  }
};

export const answerOf = ({ run, position }: RequestedRun): LaunchAnswer => ({
  job: headJob(run.jobs).id,
  position: String(position),
});

/** The run if it was requested before. @throws AppError `conflict` when another one is in its way */
const findUnlessBusy = async (
  deps: LaunchDeps,
  { run, resolved, drafts }: RunPlan,
  busy: string,
): Promise<RequestedRun | undefined> => {
  const clients = drafts.flatMap(({ client }) => (client ? [client.uuid] : []));
  const isBusy = await hasActiveJobs(deps, resolved.repository.uuid, clients);
  // Only now: what makes the clients busy may be the run itself.
  const known = await findRun(deps, run);
  if (isBusy && !known) throw new AppError('conflict', busy);
  return known;
};

/**
 * Requests the run unless one of its clients is busy with the repository. Of launches at the same moment one wins. All that
 * takes long, thousands of names, is done before the lock is taken, which every launch needs for a moment.
 * @throws AppError `conflict` with the sentence given, or when the run would be too large
 */
export const requestUnlessBusy = (deps: LaunchDeps, plan: RunPlan, busy: string): Promise<RequestedRun> => {
  const { uuid } = plan.resolved.repository;
  return deps.lock.inTurn(uuid, async () => {
    const known = await findUnlessBusy(deps, plan, busy);
    if (known) return known;
    const run = await prepareRun(deps, plan);
    return deps.lock.hold(uuid, async () => (await findUnlessBusy(deps, plan, busy)) ?? appendRun(deps, run));
  });
};

/**
 * Starts a policy because somebody wants it now.
 * @throws AppError `conflict` when it is switched off, has no client that is not, or is running
 */
export const launch = async (deps: LaunchDeps, { policy, run, extra_vars }: Launch): Promise<LaunchAnswer> => {
  const known = await findRun(deps, run);
  if (known) return answerOf(known);
  const resolved = await resolvePolicy(deps, policy);
  checkLaunch(resolved);
  const drafts = draftLaunch({ run, resolved, launchType: 'manual' });
  const plan = { run, resolved, extraVars: extra_vars, dueAt: null, drafts };
  return answerOf(await requestUnlessBusy(deps, plan, 'Backup job already running for theses clients.'));
};
