import { repositoryCommands, schedulerCommands, type LaunchType } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { z } from 'zod';
import { hasActiveCheck } from './active-jobs.ts';
import { jobUuid, type DraftJob } from './draft-jobs.ts';
import { answerOf, RESOLVE_MILLIS, type LaunchAnswer, type LaunchDeps } from './launch.ts';
import type { RunPlan } from './plan-run.ts';
import { findRun, requestRun, type RequestedRun } from './request-run.ts';

type CheckRepository = z.output<typeof schedulerCommands.checkRepository.input>;
type ResolvedRepository = z.output<typeof repositoryCommands.resolve.output>;

export interface RepositoryCheck {
  readonly run: string;
  /** Its id. */
  readonly repository: number;
  /** Its uuid, when that is known: another repository is none. */
  readonly uuid?: string | undefined;
  /** Whether the data of every file is read and verified too. */
  readonly verifyData: boolean;
  readonly launchType: LaunchType;
  /** For a scheduled check, ISO 8601. */
  readonly dueAt: string | null;
  readonly schedule: RunPlan['resolved']['schedule'];
}

const draftCheck = (
  { run, verifyData, launchType }: RepositoryCheck,
  { uuid, name }: ResolvedRepository,
): DraftJob => ({
  uuid: jobUuid(run, verifyData ? 'integrity' : 'archives', uuid),
  name: verifyData ? `Integrity Job ${name}` : `Check Repository ${name}`,
  job_type: verifyData ? 'integrity' : 'check',
  launch_type: launchType,
  client: null,
  needs: [],
  archive_name: null,
  master_job: null,
  check: 'archives',
});

const checkUsable = ({ uuid, name, enabled, ready }: ResolvedRepository, wanted: string | undefined): void => {
  if (wanted !== undefined && wanted !== uuid) throw new AppError('not-found', 'The repository is not there any more.');
  if (!enabled) throw new AppError('conflict', `The repository "${name}" is disabled: enable it first.`);
  if (!ready) {
    const advice = 'launch a policy that uses it, which prepares it';
    throw new AppError('conflict', `The repository "${name}" has not been prepared yet: ${advice}.`);
  }
};

/** The repository as inventory has it at this moment. @throws AppError `not-found` */
export const resolveRepository = ({ rpc }: Pick<LaunchDeps, 'rpc'>, id: number): Promise<ResolvedRepository> => {
  const { subject, output } = repositoryCommands.resolve;
  return rpc.call(subject, { id }, { schema: output, deadlineMillis: RESOLVE_MILLIS });
};

/**
 * Requests the check of a repository, one at a time: checks of either sort take long, and read the same.
 * @throws AppError `conflict` when it is disabled, not prepared, or being checked
 */
export const requestCheck = async (deps: LaunchDeps, check: RepositoryCheck): Promise<RequestedRun> => {
  const repository = await resolveRepository(deps, check.repository);
  checkUsable(repository, check.uuid);
  const { run, dueAt, schedule } = check;
  const resolved = { policy: null, repository, schedule, extra_vars: null };
  return deps.lock.hold(repository.uuid, async () => {
    const known = await findRun(deps, run);
    if (known) return known;
    if (await hasActiveCheck(deps, repository.uuid)) {
      const reason = `A check of the repository "${repository.name}" has not ended yet`;
      throw new AppError('conflict', `${reason}: wait for it, or cancel it.`);
    }
    return requestRun(deps, { run, resolved, extraVars: null, dueAt, drafts: [draftCheck(check, repository)] });
  });
};

/**
 * Checks a repository because somebody wants it now.
 * @throws AppError as `requestCheck`
 */
export const checkRepository = async (
  deps: LaunchDeps,
  { repository, run, verify_data }: CheckRepository,
): Promise<LaunchAnswer> => {
  const known = await findRun(deps, run);
  if (known) return answerOf(known);
  const check = {
    run,
    repository,
    verifyData: verify_data,
    launchType: 'manual',
    dueAt: null,
    schedule: null,
  } as const;
  return answerOf(await requestCheck(deps, check));
};
