import type { VirtualMachine } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import {
  draftChecks,
  draftClientCheck,
  draftHypervisorCheck,
  draftMachinesCheck,
  draftRepositoryCheck,
  draftSourceJob,
  snapshotOf,
  type ClientJobType,
  type DraftContext,
  type DraftJob,
  type ResolvedClient,
} from './draft-jobs.ts';

/** A job that is to run again, and the backup that it followed. */
export interface RelaunchedJob {
  readonly jobType: string;
  /** See `taskOf`. */
  readonly task: string | null;
  readonly name: string;
  readonly client: string | null;
  readonly machine: VirtualMachine | null;
  readonly master: { readonly uuid: string; readonly id: number; readonly archiveName: string | null } | null;
}

/** The job's client, and what makes it ready. */
interface PreparedClient {
  readonly context: DraftContext;
  readonly client: ResolvedClient;
  readonly checks: readonly DraftJob[];
}

/** The client of the job, as the policy has it now. @throws AppError `conflict` when it is gone or disabled */
export const clientOf = ({ resolved }: Pick<DraftContext, 'resolved'>, job: RelaunchedJob): ResolvedClient => {
  const client = resolved.clients.find(({ uuid }) => uuid === job.client);
  if (!client) {
    const reason = `The client of "${job.name}" no longer belongs to the policy "${resolved.policy.name}"`;
    throw new AppError('conflict', `${reason}: launch the policy instead.`);
  }
  if (!client.enabled) throw new AppError('conflict', `The client "${client.hostname}" is disabled: enable it first.`);
  return client;
};

const asDependency = (job: DraftJob): DraftJob => ({ ...job, launch_type: 'dependency' });
const asRelaunch = (job: DraftJob): DraftJob => ({ ...job, launch_type: 'relaunch' });

const draftJob = (
  { context: { run, resolved, launchType }, client }: PreparedClient,
  { machine }: RelaunchedJob,
  jobType: ClientJobType,
  needs: readonly DraftJob[],
): DraftJob => {
  const policyName = resolved.policy.name;
  const source = { run, policyName, launchType, client: snapshotOf(client), machine: machine ?? undefined };
  const uuids = needs.map(({ uuid }) => uuid);
  return draftSourceJob(source, jobType, uuids);
};

const draftBackup = (prepared: PreparedClient, job: RelaunchedJob): readonly DraftJob[] => [
  ...prepared.checks,
  draftJob(prepared, job, 'job', prepared.checks),
];

/** The listing of an archive needs the archive: when the backup failed then, it runs again first. */
const draftCatalog = (prepared: PreparedClient, job: RelaunchedJob): readonly DraftJob[] => {
  const { checks } = prepared;
  const { master } = job;
  const archiveName = master?.archiveName ?? null;
  if (master && archiveName !== null) {
    const catalog = draftJob(prepared, job, 'catalog', checks);
    return [...checks, { ...catalog, master_job: master.uuid, master_job_id: master.id, archive_name: archiveName }];
  }
  const before = draftBackup(prepared, job).map(asDependency);
  const backup = before.slice(-1);
  const catalog = draftJob(prepared, job, 'catalog', backup);
  return [...before, { ...catalog, master_job: backup[0]?.uuid ?? null }];
};

const draftPrune = (prepared: PreparedClient, job: RelaunchedJob): readonly DraftJob[] => {
  const { master } = job;
  const prune = draftJob(prepared, job, 'prune', prepared.checks);
  return [...prepared.checks, { ...prune, ...(master && { master_job: master.uuid, master_job_id: master.id }) }];
};

const draftCheck = ({ context, client, checks }: PreparedClient, { task }: RelaunchedJob): readonly DraftJob[] => {
  switch (task) {
    case 'machines':
      return [...checks, draftMachinesCheck(context, client, checks)];
    case 'hypervisor': {
      const before = checks.filter((check) => check.check === 'client');
      return [...before, asRelaunch(draftHypervisorCheck(context, client, before))];
    }
    default:
      return [asRelaunch(draftClientCheck(context, client))];
  }
};

/**
 * The job and what it needs to succeed, as the policy is now; the job is the last one.
 * @throws AppError `conflict` when there is no such thing to do any more
 */
export const draftRelaunch = (context: DraftContext, job: RelaunchedJob): readonly DraftJob[] => {
  if (job.jobType === 'check' && job.client === null) return [asRelaunch(draftRepositoryCheck(context))];
  const client = clientOf(context, job);
  const prepared = { context, client, checks: draftChecks(context, client) };
  switch (job.jobType) {
    case 'check':
      return draftCheck(prepared, job);
    case 'job':
      return draftBackup(prepared, job);
    case 'catalog':
      return draftCatalog(prepared, job);
    case 'prune':
      return draftPrune(prepared, job);
    default:
      throw new AppError('conflict', `Jobs of the type ${job.jobType} cannot be run again.`);
  }
};
