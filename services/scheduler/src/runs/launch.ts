import type { RpcInput, schedulerCommands } from '@cyborgbackup/contracts';
import { answerWithRun, createRunUnlessBusy, type LaunchAnswer } from './create-run.ts';
import { draftLaunch } from './planning/draft-launch.ts';
import { checkLaunch, resolvePolicy } from './resolve-policy.ts';
import type { RunDeps } from './run-deps.ts';

type Launch = RpcInput<typeof schedulerCommands.launch>;

/**
 * Starts a policy for a user.
 * @throws AppError `conflict` when it is disabled, has no enabled client, or one of its clients is busy
 */
export const startManualRun = (deps: RunDeps, { policy, run, extra_vars }: Launch): Promise<LaunchAnswer> =>
  answerWithRun(deps, run, async () => {
    const resolved = await resolvePolicy(deps, policy);
    checkLaunch(resolved);
    const plan = { run, resolved, extraVars: extra_vars, drafts: draftLaunch({ run, resolved, launchType: 'manual' }) };
    return createRunUnlessBusy(deps, plan, 'Backup job already running for theses clients.');
  });
