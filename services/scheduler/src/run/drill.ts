import { schedulerCommands, type LaunchType, type PlannedJob } from '@cyborgbackup/contracts';
import { AppError, nameUuid } from '@cyborgbackup/kernel';
import type { z } from 'zod';
import { checkEnabled } from './check-launch.ts';
import {
  draftRepositoryCheck,
  jobUuid,
  snapshotOf,
  sourceKey,
  sourceName,
  type DraftJob,
  type ResolvedPolicy,
} from './draft-jobs.ts';
import { latestArchives, type LatestArchive } from './latest-archives.ts';
import { answerOf, requestUnlessBusy, resolvePolicy, type LaunchAnswer, type LaunchDeps } from './launch.ts';
import { findRun } from './request-run.ts';

type Drill = z.output<typeof schedulerCommands.drill.input>;

export interface DrillContext {
  readonly run: string;
  readonly resolved: ResolvedPolicy;
  readonly launchType: LaunchType;
}

const draftDrill = (
  { run, resolved: { policy }, launchType }: DrillContext,
  { client, archive }: { readonly client: NonNullable<PlannedJob['client']>; readonly archive: LatestArchive },
  needs: readonly string[],
): DraftJob => {
  const source = { client, machine: archive.machine };
  const uuid = jobUuid(run, 'drill', sourceKey(source));
  return {
    uuid,
    name: `Restore Drill ${policy.name} ${sourceName(source)}`,
    job_type: 'restore',
    launch_type: launchType,
    client,
    needs: [...needs],
    archive_name: archive.archive_name,
    master_job: archive.uuid,
    master_job_id: archive.id,
    // The same run tried again picks the same files.
    drill: { seed: nameUuid(uuid, 'seed'), files: policy.drill_files },
    ...(archive.machine && { machine: archive.machine }),
  };
};

/**
 * One job for each latest archive of an enabled client of the policy.
 * @throws AppError `conflict` when there is none
 */
export const draftDrills = (context: DrillContext, archives: readonly LatestArchive[]): readonly DraftJob[] => {
  const { resolved } = context;
  const clients = new Map(resolved.clients.filter(({ enabled }) => enabled).map((client) => [client.uuid, client]));
  const checks = resolved.repository.ready ? [] : [draftRepositoryCheck(context)];
  const needs = checks.map(({ uuid }) => uuid);
  const drills = archives.flatMap((archive) => {
    const client = clients.get(archive.client_uuid);
    return client ? [draftDrill(context, { client: snapshotOf(client), archive }, needs)] : [];
  });
  if (drills.length === 0) {
    const reason = `The policy "${resolved.policy.name}" has no archive of an enabled client to restore from`;
    throw new AppError('conflict', `${reason}: launch it first.`);
  }
  return [...checks, ...drills];
};

/**
 * Plans the drill of all clients.
 * @throws AppError `conflict` when the policy is switched off or has no archive
 */
export const draftPolicyDrill = async (deps: LaunchDeps, context: DrillContext): Promise<readonly DraftJob[]> => {
  const { policy, repository } = context.resolved;
  checkEnabled(context.resolved);
  return draftDrills(context, await latestArchives(deps.pool, policy.uuid, repository.uuid));
};

/**
 * Proves that a policy's archives can be restored, because somebody wants to know now.
 * @throws AppError `conflict` when the policy is switched off, has no archive, or one of its clients is busy
 */
export const drill = async (deps: LaunchDeps, { policy, run }: Drill): Promise<LaunchAnswer> => {
  const known = await findRun(deps, run);
  if (known) return answerOf(known);
  const resolved = await resolvePolicy(deps, policy);
  const drafts = await draftPolicyDrill(deps, { run, resolved, launchType: 'manual' });
  const plan = { run, resolved, extraVars: null, dueAt: null, drafts };
  return answerOf(await requestUnlessBusy(deps, plan, 'Backup job already running for theses clients.'));
};
