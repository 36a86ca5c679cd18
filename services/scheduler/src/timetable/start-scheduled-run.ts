import type { SlotKind } from '@cyborgbackup/contracts';
import { AppError, isAppError } from '@cyborgbackup/kernel';
import { createCheckRun } from '../runs/check-repository.ts';
import { createRun, type RunDeps } from '../runs/create-run.ts';
import { draftPolicyDrill } from '../runs/drill.ts';
import type { ResolvedPolicy } from '../runs/planning/draft-jobs.ts';
import { draftLaunch } from '../runs/planning/draft-launch.ts';
import { checkLaunch, resolvePolicy } from '../runs/resolve-policy.ts';

export interface DueOccurrence {
  readonly kind: SlotKind;
  /** Uuid and id of the policy or the repository. */
  readonly subject: string;
  readonly id: number;
  readonly run: string;
  /** ISO 8601. */
  readonly dueAt: string;
  /** An id of 0 stands for the settings. */
  readonly schedule: { readonly id: number; readonly name: string };
}

const launchType = 'scheduled';

const resolveSame = async (deps: RunDeps, { id, subject }: DueOccurrence): Promise<ResolvedPolicy> => {
  const resolved = await resolvePolicy(deps, id);
  if (resolved.policy.uuid !== subject) throw new AppError('not-found', 'The policy is not there any more.');
  return resolved;
};

const scheduleOf = ({ schedule: { id, name } }: DueOccurrence): DueOccurrence['schedule'] | null =>
  id === 0 ? null : { id, name };

const startBackup = async (deps: RunDeps, occurrence: DueOccurrence): Promise<void> => {
  const { run, dueAt } = occurrence;
  const resolved = await resolveSame(deps, occurrence);
  checkLaunch(resolved);
  await createRun(deps, { run, resolved, dueAt, drafts: draftLaunch({ run, resolved, launchType }) });
};

const startDrill = async (deps: RunDeps, occurrence: DueOccurrence): Promise<void> => {
  const { run, dueAt } = occurrence;
  const resolved = await resolveSame(deps, occurrence);
  const drafts = await draftPolicyDrill(deps, { run, resolved, launchType });
  await createRun(deps, { run, resolved: { ...resolved, schedule: scheduleOf(occurrence) }, dueAt, drafts });
};

const startCheck = async (deps: RunDeps, occurrence: DueOccurrence): Promise<void> => {
  const { run, dueAt, id: repository, subject: uuid, kind } = occurrence;
  const verifyData = kind === 'integrity';
  await createCheckRun(deps, {
    run,
    repository,
    uuid,
    verifyData,
    launchType,
    dueAt,
    schedule: scheduleOf(occurrence),
  });
};

const starters: Readonly<Record<SlotKind, typeof startBackup>> = {
  backup: startBackup,
  drill: startDrill,
  check: startCheck,
  integrity: startCheck,
};

/**
 * Starts what is due. It does not matter whether other policies are busy with its clients: its jobs wait for them.
 * @returns why it is refused, in one sentence; undefined when the run is in the log
 * @throws AppError for what may pass: inventory does not answer, for example
 */
export const startScheduledRun = async (deps: RunDeps, occurrence: DueOccurrence): Promise<string | undefined> => {
  try {
    await starters[occurrence.kind](deps, occurrence);
    return undefined;
  } catch (error) {
    if (isAppError(error) && ['conflict', 'not-found', 'validation'].includes(error.code)) return error.message;
    throw error;
  }
};
