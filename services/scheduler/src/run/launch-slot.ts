import type { OccurrenceKind } from '@cyborgbackup/contracts';
import { AppError, isAppError } from '@cyborgbackup/kernel';
import { checkLaunch } from './check-launch.ts';
import { requestCheck } from './check-repository.ts';
import type { ResolvedPolicy } from './draft-jobs.ts';
import { draftLaunch } from './draft-launch.ts';
import { draftPolicyDrill } from './drill.ts';
import { resolvePolicy, type LaunchDeps } from './launch.ts';
import type { RunPlan } from './plan-run.ts';
import { requestRun } from './request-run.ts';

export interface DueSlot {
  readonly kind: OccurrenceKind;
  /** Uuid and id of the policy or the repository. */
  readonly subject: string;
  readonly id: number;
  readonly run: string;
  /** ISO 8601. */
  readonly dueAt: string;
  /** An id of 0 stands for the settings. */
  readonly schedule: { readonly id: number; readonly name: string };
}

const resolveSame = async (deps: LaunchDeps, { id, subject }: DueSlot): Promise<ResolvedPolicy> => {
  const resolved = await resolvePolicy(deps, id);
  if (resolved.policy.uuid !== subject) throw new AppError('not-found', 'The policy is not there any more.');
  return resolved;
};

const scheduleOf = ({ schedule: { id, name } }: DueSlot): RunPlan['resolved']['schedule'] =>
  id === 0 ? null : { id, name };

const launchBackup = async (deps: LaunchDeps, slot: DueSlot): Promise<void> => {
  const { run, dueAt } = slot;
  const resolved = await resolveSame(deps, slot);
  checkLaunch(resolved);
  const drafts = draftLaunch({ run, resolved, launchType: 'scheduled' });
  await requestRun(deps, { run, resolved, extraVars: null, dueAt, drafts });
};

const launchDrill = async (deps: LaunchDeps, slot: DueSlot): Promise<void> => {
  const { run, dueAt } = slot;
  const resolved = await resolveSame(deps, slot);
  const drafts = await draftPolicyDrill(deps, { run, resolved, launchType: 'scheduled' });
  const schedule = scheduleOf(slot);
  await requestRun(deps, { run, resolved: { ...resolved, schedule }, extraVars: null, dueAt, drafts });
};

const launchCheck = async (deps: LaunchDeps, slot: DueSlot): Promise<void> => {
  const { run, dueAt, id: repository, subject: uuid, kind } = slot;
  const verifyData = kind === 'integrity';
  const schedule = scheduleOf(slot);
  await requestCheck(deps, { run, repository, uuid, verifyData, launchType: 'scheduled', dueAt, schedule });
};

const launchers: Readonly<Record<OccurrenceKind, (deps: LaunchDeps, slot: DueSlot) => Promise<void>>> = {
  backup: launchBackup,
  drill: launchDrill,
  check: launchCheck,
  integrity: launchCheck,
};

/**
 * Starts what is due. Other policies that are busy with its clients do not matter: its jobs wait for them.
 * @returns why it cannot be, in one sentence; undefined when the run is in the log
 * @throws AppError for what may pass: inventory does not answer, for example
 */
export const launchSlot = async (deps: LaunchDeps, slot: DueSlot): Promise<string | undefined> => {
  try {
    await launchers[slot.kind](deps, slot);
    return undefined;
  } catch (error) {
    if (isAppError(error) && isFinal(error.code)) return error.message;
    throw error;
  }
};

const isFinal = (code: string): boolean => ['conflict', 'not-found', 'validation'].includes(code);
