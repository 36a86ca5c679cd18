import {
  NO_RUN_SECRETS,
  repositoryCommands,
  type LaunchType,
  type RpcInput,
  type RpcOutput,
  type schedulerCommands,
} from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import { hasActiveCheck } from './active-jobs.ts';
import { answerWithRun, createRun, findRun, type CreatedRun, type LaunchAnswer } from './create-run.ts';
import { jobUuid, NEW_JOB, type DraftJob } from './planning/draft-jobs.ts';
import type { ResolvedRun } from './planning/plan-run.ts';
import { disabledError, RESOLVE_MILLIS } from './resolve-policy.ts';
import type { RunDeps } from './run-deps.ts';

type ResolvedRepository = RpcOutput<typeof repositoryCommands.resolve>;

export interface RepositoryCheck {
  readonly run: string;
  /** Its id. */
  readonly repository: number;
  /** The uuid that the repository must have, when it is known. */
  readonly uuid?: string;
  /** Whether the data of every file is read and verified too. */
  readonly verifyData: boolean;
  readonly launchType: LaunchType;
  /** For a scheduled check, ISO 8601. */
  readonly dueAt?: string;
  readonly schedule?: ResolvedRun['schedule'];
}

const draftCheck = (
  { run, verifyData, launchType }: RepositoryCheck,
  { uuid, name }: ResolvedRepository,
): DraftJob => ({
  ...NEW_JOB,
  uuid: jobUuid(run, verifyData ? 'integrity' : 'archives', uuid),
  name: verifyData ? `Integrity Job ${name}` : `Check Repository ${name}`,
  job_type: verifyData ? 'integrity' : 'check',
  launch_type: launchType,
  check: 'archives',
});

const checkUsable = ({ uuid, name, enabled, ready }: ResolvedRepository, expected: string = uuid): void => {
  if (uuid !== expected) throw new AppError('not-found', 'The repository is not there any more.');
  if (!enabled) throw disabledError('repository', name);
  if (ready) return;
  const advice = 'launch a policy that uses it, which prepares it';
  throw new AppError('conflict', `The repository "${name}" has not been prepared yet: ${advice}.`);
};

/** The repository as inventory has it at this moment. @throws AppError `not-found` */
export const resolveRepository = ({ rpc }: Pick<RunDeps, 'rpc'>, id: number): Promise<ResolvedRepository> => {
  const { subject, output } = repositoryCommands.resolve;
  return rpc.call(subject, { id }, { schema: output, deadlineMillis: RESOLVE_MILLIS });
};

/**
 * Creates the check of a repository, one at a time: checks of either sort take long, and read the same.
 * @throws AppError `conflict` when it is disabled, not prepared, or being checked
 */
export const createCheckRun = async (deps: RunDeps, check: RepositoryCheck): Promise<CreatedRun> => {
  const { run, schedule = null, dueAt = null } = check;
  const repository = await resolveRepository(deps, check.repository);
  checkUsable(repository, check.uuid);
  const resolved = { policy: null, repository, schedule, ...NO_RUN_SECRETS };
  return deps.lock.hold(async () => {
    const known = await findRun(deps, run);
    if (known) return known;
    if (await hasActiveCheck(deps, repository.uuid)) {
      const reason = `A check of the repository "${repository.name}" has not ended yet`;
      throw new AppError('conflict', `${reason}: wait for it, or cancel it.`);
    }
    // It prepares nothing, so the lock is not taken twice.
    return createRun(deps, { run, resolved, dueAt, drafts: [draftCheck(check, repository)] });
  });
};

/**
 * Checks a repository for a user.
 * @throws AppError as `createCheckRun`
 */
export const checkRepository = (
  deps: RunDeps,
  { repository, run, verify_data: verifyData }: RpcInput<typeof schedulerCommands.checkRepository>,
): Promise<LaunchAnswer> =>
  answerWithRun(deps, run, () => createCheckRun(deps, { run, repository, verifyData, launchType: 'manual' }));
