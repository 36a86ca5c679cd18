import type { OccurrenceKind } from '@cyborgbackup/contracts';
import { AppError, isAppError } from '@cyborgbackup/kernel';
import { createCheckRun } from '../runs/check-repository.ts';
import { createRun, type RunDeps } from '../runs/create-run.ts';
import { draftPolicyDrill } from '../runs/drill.ts';
import { draftLaunch } from '../runs/planning/draft-launch.ts';
import { checkLaunch, resolvePolicy } from '../runs/resolve-policy.ts';

export interface DueOccurrence {
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

type Starter = (deps: RunDeps, occurrence: DueOccurrence) => Promise<unknown>;

const launchType = 'scheduled';

const scheduleOf = ({ schedule: { id, name } }: DueOccurrence): DueOccurrence['schedule'] | null =>
  id === 0 ? null : { id, name };

const startOfPolicy: Starter = async (deps, occurrence) => {
  const { run, dueAt, kind } = occurrence;
  const resolved = await resolvePolicy(deps, occurrence.id);
  if (resolved.policy.uuid !== occurrence.subject) throw new AppError('not-found', 'The policy is not there any more.');
  const context = { run, resolved, launchType } as const;
  if (kind === 'drill') {
    const drafts = await draftPolicyDrill(deps, context);
    return createRun(deps, { run, resolved: { ...resolved, schedule: scheduleOf(occurrence) }, dueAt, drafts });
  }
  checkLaunch(resolved);
  return createRun(deps, { run, resolved, dueAt, drafts: draftLaunch(context) });
};

const startCheck: Starter = (deps, occurrence) => {
  const { run, dueAt, id: repository, subject: uuid, kind } = occurrence;
  const verifyData = kind === 'integrity';
  return createCheckRun(deps, {
    run,
    repository,
    uuid,
    verifyData,
    launchType,
    dueAt,
    schedule: scheduleOf(occurrence),
  });
};

const starters: Readonly<Record<OccurrenceKind, Starter>> = {
  backup: startOfPolicy,
  drill: startOfPolicy,
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
