import type { PlannedJob, RunRequested, VirtualMachine } from '@cyborgbackup/contracts';
import {
  draftBackupChain,
  draftChecks,
  draftMachinesCheck,
  followersOf,
  isOfMachines,
  snapshotOf,
  type DraftContext,
  type DraftJob,
  type ResolvedClient,
} from './draft-jobs.ts';

/**
 * The jobs of one client, in the order in which they run:
 * `[Prepare Repository] [Prepare Client] -> Backup [-> Catalog] [-> Prune]`
 * or, where its virtual machines are backed up, which are not known yet:
 * `[Prepare Repository] [Prepare Client [-> Prepare Hypervisor]] -> Find Machines`
 */
const draftChain = (context: DraftContext, client: ResolvedClient): readonly DraftJob[] => {
  const { run, resolved, launchType } = context;
  const checks = draftChecks(context, client);
  if (isOfMachines(resolved)) return [...checks, draftMachinesCheck(context, client, checks)];
  const source = { run, policyName: resolved.policy.name, launchType, client: snapshotOf(client) };
  const needs = checks.map(({ uuid }) => uuid);
  return [...checks, ...draftBackupChain(source, followersOf(resolved), needs)];
};

/** The jobs of a whole run; the check of the repository, which all clients share, comes first and once. */
export const draftLaunch = (context: DraftContext): readonly DraftJob[] => {
  const clients = context.resolved.clients.filter(({ enabled }) => enabled);
  const jobs = clients.flatMap((client) => draftChain(context, client));
  return [...new Map(jobs.map((job) => [job.uuid, job])).values()];
};

/** The jobs of machines that one of the run's jobs found: `Backup [-> Catalog] [-> Prune]` for each, once. */
export const draftExtension = (
  { uuid, policy }: Pick<RunRequested, 'uuid' | 'policy'>,
  foundBy: PlannedJob,
  machines: readonly VirtualMachine[],
): readonly DraftJob[] => {
  const { client, launch_type, followers = { catalog: false, prune: false } } = foundBy;
  if (!client) return [];
  const source = { run: uuid, policyName: policy?.name ?? '', launchType: launch_type, client };
  const unique = new Map(machines.map((machine) => [machine.id, machine]));
  return [...unique.values()].flatMap((machine) => draftBackupChain({ ...source, machine }, followers, [foundBy.uuid]));
};
