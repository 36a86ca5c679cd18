import { nameUuid } from '@cyborgbackup/kernel';
import type { LaunchType, PlannedJob, policyCommands, RpcOutput } from '@cyborgbackup/contracts';

/** A policy and all around it, all of its clients too, as inventory has it now. */
export type ResolvedPolicy = Omit<RpcOutput<typeof policyCommands.resolve>, 'next' | 'revision'>;
export type ResolvedClient = ResolvedPolicy['clients'][number];
type ClientSnapshot = NonNullable<PlannedJob['client']>;
type Machine = NonNullable<PlannedJob['machine']>;

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
export const snapshotOf = (client: ResolvedClient): ClientSnapshot => {
  const { ready: _ready, enabled: _enabled, hypervisor_ready: _hypervisor, ...snapshot } = client;
  return snapshot;
};

/** The run and what a job is about give its uuid, so that a launch that is tried again plans the very same jobs. */
export const jobUuid = (run: string, jobType: string, subject: string): string =>
  nameUuid(run, `${jobType}/${subject}`);

/** Of a job that is about no client, needs nothing and reads no archive. */
export const NEW_JOB = { client: null, needs: [], archive_name: null, master_job: null };

/** Makes sure that the repository can be used; done once for all clients. */
export const draftRepositoryCheck = ({
  run,
  resolved: { repository },
}: Pick<DraftContext, 'run' | 'resolved'>): DraftJob => ({
  ...NEW_JOB,
  uuid: jobUuid(run, 'repository', repository.uuid),
  name: `Prepare Repository ${repository.name}`,
  job_type: 'check',
  launch_type: 'dependency',
  check: 'repository',
});

const CHECK_LABELS = { client: 'Prepare Client', hypervisor: 'Prepare Hypervisor', machines: 'Find Machines' };

/**
 * client       makes sure that borg can be run on the client
 * hypervisor   makes sure that the client's virtual machines can be listed and read
 * machines     finds those, each of which then gets its jobs; see `draftMachinesCheck`
 */
export const draftClientCheck = (
  { run }: DraftContext,
  client: ResolvedClient,
  check: keyof typeof CHECK_LABELS,
  needs: readonly DraftJob[] = [],
): DraftJob => ({
  ...NEW_JOB,
  uuid: jobUuid(run, check, client.uuid),
  name: `${CHECK_LABELS[check]} ${client.hostname}`,
  job_type: 'check',
  launch_type: 'dependency',
  client: snapshotOf(client),
  needs: needs.map(({ uuid }) => uuid),
  check,
});

export const draftMachinesCheck = (
  context: DraftContext,
  client: ResolvedClient,
  needs: readonly DraftJob[],
): DraftJob => ({
  ...draftClientCheck(context, client, 'machines', needs),
  name: `${CHECK_LABELS.machines} ${context.resolved.policy.name} ${client.hostname}`,
  launch_type: context.launchType,
  followers: followersOf(context.resolved),
});

const KEEPS = ['keep_hourly', 'keep_daily', 'keep_weekly', 'keep_monthly', 'keep_yearly'] as const;

/** Which jobs follow a backup. A policy that says nothing about what to keep keeps everything. */
export const followersOf = ({
  policy,
  catalog_enabled,
  auto_prune,
}: ResolvedPolicy): NonNullable<PlannedJob['followers']> => ({
  catalog: catalog_enabled,
  prune: auto_prune && KEEPS.some((keep) => (policy[keep] ?? 0) > 0),
});

const LABELS = { job: 'Backup', catalog: 'Catalog', prune: 'Prune' } as const;
export type ClientJobType = keyof typeof LABELS;

/** Whose jobs they are. */
export interface JobSource {
  readonly run: string;
  readonly policyName: string;
  readonly launchType: LaunchType;
  readonly client: ClientSnapshot;
  /** A virtual machine of the client; undefined for the client itself. */
  readonly machine?: Machine | undefined;
}

/** The client, or its machine, as people see it. */
export const sourceName = ({ client, machine }: Pick<JobSource, 'client' | 'machine'>): string =>
  machine ? `${client.hostname}/${machine.name || machine.id}` : client.hostname;

/** The client's uuid or, for a machine, that and the machine's own id. */
export const sourceKey = ({ client, machine }: Pick<JobSource, 'client' | 'machine'>): string =>
  machine ? `${client.uuid}/${machine.id}` : client.uuid;

/** A job that runs borg for a client or for one of its machines; `needs` are the jobs before it. */
export const draftSourceJob = (source: JobSource, jobType: ClientJobType, needs: readonly string[]): DraftJob => ({
  ...NEW_JOB,
  uuid: jobUuid(source.run, jobType, sourceKey(source)),
  name: `${LABELS[jobType]} Job ${source.policyName} ${sourceName(source)}`,
  job_type: jobType,
  launch_type: source.launchType,
  client: source.client,
  needs: [...needs],
  ...(source.machine && { machine: source.machine }),
});

/** A backup and what follows it, in the order in which they run: `Backup [-> Catalog] [-> Prune]` */
export const draftBackupChain = (
  source: JobSource,
  followers: NonNullable<PlannedJob['followers']>,
  needs: readonly string[],
): readonly DraftJob[] => {
  const backup = draftSourceJob(source, 'job', needs);
  const chain = [backup];
  const follow = (jobType: 'catalog' | 'prune'): void => {
    const before = chain.at(-1) ?? backup;
    chain.push({ ...draftSourceJob(source, jobType, [before.uuid]), master_job: backup.uuid });
  };
  if (followers.catalog) follow('catalog');
  if (followers.prune) follow('prune');
  return chain;
};

/** Whether the policy backs up the virtual machines of its clients, not the clients themselves. */
export const isOfMachines = ({ policy }: Pick<ResolvedPolicy, 'policy'>): boolean =>
  policy.policy_type === 'vm' || policy.policy_type === 'proxmox';

/** What has to be made ready before borg can be run for this client. */
export const draftChecks = (context: DraftContext, client: ResolvedClient): readonly DraftJob[] => {
  const checks = [
    ...(context.resolved.repository.ready ? [] : [draftRepositoryCheck(context)]),
    ...(client.ready ? [] : [draftClientCheck(context, client, 'client')]),
  ];
  if (!isOfMachines(context.resolved) || client.hypervisor_ready) return checks;
  const ofClient = checks.filter((check) => check.client !== null);
  return [...checks, draftClientCheck(context, client, 'hypervisor', ofClient)];
};
