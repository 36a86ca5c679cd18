import { AppError, isAppError } from '@cyborgbackup/kernel';
import type { TimetableEntry } from '@cyborgbackup/read-models';
import { createCheckRun } from '../runs/check-repository.ts';
import { createRun, type CreatedRun } from '../runs/create-run.ts';
import { draftPolicyDrill } from '../runs/drill.ts';
import { draftLaunch } from '../runs/planning/draft-launch.ts';
import { checkLaunch, resolvePolicy } from '../runs/resolve-policy.ts';
import type { RunDeps } from '../runs/run-deps.ts';

export interface DueOccurrence extends Pick<TimetableEntry, 'kind' | 'subject' | 'id'> {
  readonly run: string;
  /** ISO 8601. */
  readonly dueAt: string;
  /** An id of 0 stands for the settings. */
  readonly schedule: { readonly id: number; readonly name: string };
}

const launchType = 'scheduled';

const scheduleOf = ({ schedule: { id, name } }: DueOccurrence): DueOccurrence['schedule'] | null =>
  id === 0 ? null : { id, name };

const startOfPolicy = async (deps: RunDeps, occurrence: DueOccurrence): Promise<CreatedRun> => {
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

const startCheck = (deps: RunDeps, occurrence: DueOccurrence): Promise<CreatedRun> => {
  const { run, dueAt, id: repository, subject: uuid, kind } = occurrence;
  const verifyData = kind === 'integrity';
  const schedule = scheduleOf(occurrence);
  return createCheckRun(deps, { run, repository, uuid, verifyData, launchType, dueAt, schedule });
};

/**
 * Starts what is due. It does not matter whether other policies are busy with its clients: its jobs wait for them.
 * @returns why it is refused, in one sentence; undefined when the run is in the log
 * @throws AppError for what may pass: inventory does not answer, for example
 */
export const startScheduledRun = async (deps: RunDeps, occurrence: DueOccurrence): Promise<string | undefined> => {
  try {
    const start = occurrence.kind === 'backup' || occurrence.kind === 'drill' ? startOfPolicy : startCheck;
    await start(deps, occurrence);
    return undefined;
  } catch (error) {
    if (isAppError(error) && ['conflict', 'not-found', 'validation'].includes(error.code)) return error.message;
    throw error;
  }
};
