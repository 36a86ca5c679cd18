import { readSql } from '@cyborgbackup/database';
import type { PlannedJob, RpcInput, schedulerCommands } from '@cyborgbackup/contracts';
import { AppError, nameUuid } from '@cyborgbackup/kernel';
import type { JobRow } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';
import { answerWithRun, createRunUnlessBusy, type LaunchAnswer } from './create-run.ts';
import {
  draftRepositoryCheck,
  jobUuid,
  NEW_JOB,
  snapshotOf,
  sourceKey,
  sourceName,
  type DraftContext,
  type DraftJob,
  type ResolvedPolicy,
} from './planning/draft-jobs.ts';
import { checkEnabled, resolvePolicy } from './resolve-policy.ts';
import type { RunDeps } from './run-deps.ts';

/** The latest good archive of a client, or of one of its machines, by the backup that made it. */
export interface LatestArchive extends Pick<JobRow, 'uuid' | 'id'> {
  readonly archive_name: string;
  readonly client_uuid: string;
  readonly machine: NonNullable<PlannedJob['machine']> | null;
}

const LATEST_ARCHIVES = readSql(new URL('./latest-archives.sql', import.meta.url));

/** Of each client of a policy, and of each machine, in the repository that the policy has now. */
export const latestArchives = async (
  pool: Pool,
  { policy, repository }: ResolvedPolicy,
): Promise<readonly LatestArchive[]> =>
  (await pool.query<LatestArchive>(LATEST_ARCHIVES, [policy.uuid, repository.uuid])).rows;

const draftDrill = (
  { run, resolved: { policy }, launchType }: DraftContext,
  client: NonNullable<PlannedJob['client']>,
  { machine, ...archive }: LatestArchive,
): DraftJob => {
  const source = { client, machine: machine ?? undefined };
  const uuid = jobUuid(run, 'drill', sourceKey(source));
  return {
    ...NEW_JOB,
    uuid,
    name: `Restore Drill ${policy.name} ${sourceName(source)}`,
    job_type: 'restore',
    launch_type: launchType,
    client,
    archive_name: archive.archive_name,
    master_job: archive.uuid,
    master_job_id: archive.id,
    // The same run tried again picks the same files.
    drill: { seed: nameUuid(uuid, 'seed'), files: policy.drill_files },
    ...(machine && { machine }),
  };
};

/**
 * One job for each latest archive of an enabled client of the policy.
 * @throws AppError `conflict` when there is none
 */
export const draftDrills = (context: DraftContext, archives: readonly LatestArchive[]): readonly DraftJob[] => {
  const { resolved } = context;
  const clients = new Map(resolved.clients.filter(({ enabled }) => enabled).map((client) => [client.uuid, client]));
  const checks = resolved.repository.ready ? [] : [draftRepositoryCheck(context)];
  const needs = checks.map(({ uuid }) => uuid);
  const drills = archives.flatMap((archive) => {
    const client = clients.get(archive.client_uuid);
    return client ? [{ ...draftDrill(context, snapshotOf(client), archive), needs }] : [];
  });
  if (drills.length > 0) return [...checks, ...drills];
  const reason = `The policy "${resolved.policy.name}" has no archive of an enabled client to restore from`;
  throw new AppError('conflict', `${reason}: launch it first.`);
};

/**
 * Plans the drill of all clients.
 * @throws AppError `conflict` when the policy is disabled or has no archive
 */
export const draftPolicyDrill = async (deps: RunDeps, context: DraftContext): Promise<readonly DraftJob[]> => {
  checkEnabled(context.resolved);
  return draftDrills(context, await latestArchives(deps.pool, context.resolved));
};

/**
 * Proves for a user that a policy's archives can be restored.
 * @throws AppError `conflict` when the policy is disabled, has no archive, or one of its clients is busy
 */
export const drill = (
  deps: RunDeps,
  { policy, run }: RpcInput<typeof schedulerCommands.drill>,
): Promise<LaunchAnswer> =>
  answerWithRun(deps, run, async () => {
    const resolved = await resolvePolicy(deps, policy);
    const drafts = await draftPolicyDrill(deps, { run, resolved, launchType: 'manual' });
    return createRunUnlessBusy(deps, { run, resolved, drafts }, 'Backup job already running for theses clients.');
  });
