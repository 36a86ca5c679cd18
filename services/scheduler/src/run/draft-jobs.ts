import { policyCommands, type LaunchType, type PlannedJob } from '@cyborgbackup/contracts';
import type { z } from 'zod';
import { nameUuid } from './name-uuid.ts';

/** A policy and all around it, as inventory has it now. */
export type ResolvedPolicy = z.output<typeof policyCommands.resolve.output>;
export type ResolvedClient = ResolvedPolicy['clients'][number];

/** A planned job before its id is drawn and its archive's name is claimed. */
export type DraftJob = Omit<PlannedJob, 'id' | 'archive_name'> & {
  /** The archive it reads, when that is there already. */
  readonly archive_name: string | null;
};

export interface DraftContext {
  readonly run: string;
  readonly resolved: ResolvedPolicy;
  /** Of the jobs that were asked for. */
  readonly launchType: LaunchType;
}

/** The client as its jobs carry it with them. */
export const snapshotOf = (client: ResolvedClient): NonNullable<PlannedJob['client']> => {
  const { ready: _ready, enabled: _enabled, hypervisor_ready: _hypervisor, ...snapshot } = client;
  return snapshot;
};

/** The run and what a job is about give its uuid, so that a launch that is tried again plans the very same jobs. */
const jobUuid = (run: string, jobType: string, subject: string): string => nameUuid(run, `${jobType}/${subject}`);

/** Makes sure that the repository can be used; done once for all clients. */
export const draftRepositoryCheck = ({ run, resolved: { repository } }: DraftContext): DraftJob => ({
  uuid: jobUuid(run, 'check', repository.uuid),
  name: `Prepare Repository ${repository.name}`,
  job_type: 'check',
  launch_type: 'dependency',
  client: null,
  needs: [],
  archive_name: null,
  master_job: null,
});

/** Makes sure that borg can be run on the client. */
export const draftClientCheck = ({ run }: DraftContext, client: ResolvedClient): DraftJob => ({
  uuid: jobUuid(run, 'check', client.uuid),
  name: `Prepare Client ${client.hostname}`,
  job_type: 'check',
  launch_type: 'dependency',
  client: snapshotOf(client),
  needs: [],
  archive_name: null,
  master_job: null,
});

const LABELS = { job: 'Backup', catalog: 'Catalog', prune: 'Prune' } as const;

/** A job that runs borg on a client; `needs` are the jobs before it. */
export const draftClientJob = (
  { run, resolved, launchType }: DraftContext,
  jobType: keyof typeof LABELS,
  client: ResolvedClient,
  needs: readonly DraftJob[],
): DraftJob => ({
  uuid: jobUuid(run, jobType, client.uuid),
  name: `${LABELS[jobType]} Job ${resolved.policy.name} ${client.hostname}`,
  job_type: jobType,
  launch_type: launchType,
  client: snapshotOf(client),
  needs: needs.map(({ uuid }) => uuid),
  archive_name: null,
  master_job: null,
});

/** What has to be made ready before borg can be run for this client. */
export const draftChecks = (context: DraftContext, client: ResolvedClient): readonly DraftJob[] => [
  ...(context.resolved.repository.ready ? [] : [draftRepositoryCheck(context)]),
  ...(client.ready ? [] : [draftClientCheck(context, client)]),
];
