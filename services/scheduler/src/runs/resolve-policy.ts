import { policyCommands, type RpcOutput } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { ResolvedPolicy } from './planning/draft-jobs.ts';
import type { RunDeps } from './run-deps.ts';

export const RESOLVE_MILLIS = 3_000;
/** A policy is hardly changed more often while it is read. */
const MAX_ATTEMPTS = 5;

/**
 * The policy as inventory has it at this moment.
 * @throws AppError `not-found`; `unavailable` when its clients change all the time
 */
export const resolvePolicy = async (deps: Pick<RunDeps, 'rpc'>, id: number): Promise<ResolvedPolicy> => {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const resolved = await resolveOnce(deps, id);
    if (resolved) return resolved;
  }
  throw new AppError('unavailable', "The policy's clients are being changed: try again in a moment.");
};

/** Undefined when the clients changed between two pages: the second one might leave some out. */
const resolveOnce = async ({ rpc }: Pick<RunDeps, 'rpc'>, id: number): Promise<ResolvedPolicy | undefined> => {
  const { subject, output: schema } = policyCommands.resolve;
  const readPage = (clients_from: number): Promise<RpcOutput<typeof policyCommands.resolve>> =>
    rpc.call(subject, { id, clients_from }, { schema, deadlineMillis: RESOLVE_MILLIS });
  const { next: second, revision, ...resolved } = await readPage(0);
  const clients = [...resolved.clients];
  for (let next = second; next !== null;) {
    const page = await readPage(next);
    if (page.revision !== revision) return undefined;
    clients.push(...page.clients);
    next = page.next;
  }
  return { ...resolved, clients };
};

export const disabledError = (what: string, name: string): AppError =>
  new AppError('conflict', `The ${what} "${name}" is disabled: enable it first.`);

/** @throws AppError `conflict` when the policy or its repository is disabled */
export const checkEnabled = ({ policy, repository }: ResolvedPolicy): void => {
  if (!policy.enabled) throw disabledError('policy', policy.name);
  if (!repository.enabled) throw disabledError('repository', repository.name);
};

/** @throws AppError `conflict` when something that a run of the policy needs is disabled */
export const checkLaunch = (resolved: ResolvedPolicy): void => {
  checkEnabled(resolved);
  const { policy, schedule, clients } = resolved;
  if (!schedule.enabled) throw disabledError('schedule', schedule.name);
  if (clients.some(({ enabled }) => enabled)) return;
  const reason = `The policy "${policy.name}" has no enabled client`;
  throw new AppError('conflict', `${reason}: add one, or enable one of its clients.`);
};
