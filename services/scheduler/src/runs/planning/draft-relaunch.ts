import type { VirtualMachine } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import {
  draftChecks,
  draftClientCheck,
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

/**
 * The job and what it needs to succeed, as the policy is now; the job is the last one.
 * @throws AppError `conflict` when there is no such thing to do any more
 */
export const draftRelaunch = (context: DraftContext, job: RelaunchedJob): readonly DraftJob[] => {
  const isOfRepository = job.jobType === 'check' && job.client === null;
  const drafts = isOfRepository ? [draftRepositoryCheck(context)] : draftOfClient(context, clientOf(context, job), job);
  return drafts.map((draft, index) => ({
    ...draft,
    launch_type: index === drafts.length - 1 ? 'relaunch' : 'dependency',
  }));
};

const draftOfClient = (context: DraftContext, client: ResolvedClient, job: RelaunchedJob): readonly DraftJob[] => {
  const { run, resolved, launchType } = context;
  const { master, machine } = job;
  const source = { run, policyName: resolved.policy.name, launchType, client: snapshotOf(client) };
  const draft = (jobType: ClientJobType, needs: readonly DraftJob[]): DraftJob =>
    draftSourceJob({ ...source, machine: machine ?? undefined }, jobType, uuidsOf(needs));
  const checks = draftChecks(context, client);
  const followed = master && { master_job: master.uuid, master_job_id: master.id };
  switch (job.jobType) {
    case 'check':
      return draftPreparation(context, client, job.task);
    case 'job':
      return [...checks, draft('job', checks)];
    case 'catalog': {
      const archive_name = master?.archiveName ?? null;
      if (archive_name !== null) return [...checks, { ...draft('catalog', checks), ...followed, archive_name }];
      // The listing of an archive needs the archive: when the backup failed then, it runs again first.
      const backup = draft('job', checks);
      return [...checks, backup, { ...draft('catalog', [backup]), master_job: backup.uuid }];
    }
    case 'prune':
      return [...checks, { ...draft('prune', checks), ...followed }];
    default:
      throw new AppError('conflict', `Jobs of the type ${job.jobType} cannot be run again.`);
  }
};

const draftPreparation = (context: DraftContext, client: ResolvedClient, task: string | null): readonly DraftJob[] => {
  const checks = draftChecks(context, client);
  if (task === 'machines') return [...checks, draftMachinesCheck(context, client, checks)];
  if (task !== 'hypervisor') return [draftClientCheck(context, client, 'client')];
  const before = checks.filter(({ check }) => check === 'client');
  return [...before, draftClientCheck(context, client, 'hypervisor', before)];
};

const uuidsOf = (jobs: readonly DraftJob[]): readonly string[] => jobs.map(({ uuid }) => uuid);
