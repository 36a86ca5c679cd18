import { AppError } from '@cyborgbackup/kernel';
import {
  draftChecks,
  draftClientCheck,
  draftClientJob,
  draftRepositoryCheck,
  type DraftContext,
  type DraftJob,
  type ResolvedClient,
} from './draft-jobs.ts';

/** A job that is to run again, and the backup it followed up. */
export interface RelaunchedJob {
  readonly jobType: string;
  readonly name: string;
  readonly client: string | null;
  readonly master: { readonly uuid: string; readonly id: number; readonly archiveName: string | null } | undefined;
}

/** What makes the job's client ready, and that client. */
interface Prepared {
  readonly client: ResolvedClient;
  readonly checks: readonly DraftJob[];
}

const clientOf = ({ resolved }: DraftContext, job: RelaunchedJob): ResolvedClient => {
  const client = resolved.clients.find(({ uuid }) => uuid === job.client);
  if (!client) {
    const reason = `The client of "${job.name}" no longer belongs to the policy "${resolved.policy.name}"`;
    throw new AppError('conflict', `${reason}: launch the policy instead.`);
  }
  if (!client.enabled) throw new AppError('conflict', `The client "${client.hostname}" is disabled: enable it first.`);
  return client;
};

const asDependency = (job: DraftJob): DraftJob => ({ ...job, launch_type: 'dependency' });

const draftBackup = (context: DraftContext, { client, checks }: Prepared): readonly DraftJob[] => [
  ...checks,
  draftClientJob(context, 'job', client, checks),
];

/** The listing of an archive needs the archive: when the backup failed then, it is made now. */
const draftCatalog = (context: DraftContext, prepared: Prepared, { master }: RelaunchedJob): readonly DraftJob[] => {
  const { client, checks } = prepared;
  const archiveName = master?.archiveName ?? null;
  if (master && archiveName !== null) {
    const catalog = draftClientJob(context, 'catalog', client, checks);
    return [...checks, { ...catalog, master_job: master.uuid, master_job_id: master.id, archive_name: archiveName }];
  }
  const before = draftBackup(context, prepared).map(asDependency);
  const backup = before.slice(-1);
  const catalog = draftClientJob(context, 'catalog', client, backup);
  return [...before, { ...catalog, master_job: backup[0]?.uuid ?? null }];
};

const draftPrune = (context: DraftContext, prepared: Prepared, { master }: RelaunchedJob): readonly DraftJob[] => {
  const prune = draftClientJob(context, 'prune', prepared.client, prepared.checks);
  return [...prepared.checks, { ...prune, ...(master && { master_job: master.uuid, master_job_id: master.id }) }];
};

/**
 * The job and what it needs to succeed, as the policy is now; the job is the last one.
 * @throws AppError `conflict` when there is no such thing to do any more
 */
export const draftRelaunch = (context: DraftContext, job: RelaunchedJob): readonly DraftJob[] => {
  if (job.jobType === 'check' && job.client === null) {
    return [{ ...draftRepositoryCheck(context), launch_type: 'relaunch' }];
  }
  const client = clientOf(context, job);
  const prepared = { client, checks: draftChecks(context, client) };
  switch (job.jobType) {
    case 'check':
      return [{ ...draftClientCheck(context, client), launch_type: 'relaunch' }];
    case 'job':
      return draftBackup(context, prepared);
    case 'catalog':
      return draftCatalog(context, prepared, job);
    case 'prune':
      return draftPrune(context, prepared, job);
    default:
      throw new AppError('conflict', `Jobs of the type ${job.jobType} cannot be run again.`);
  }
};
