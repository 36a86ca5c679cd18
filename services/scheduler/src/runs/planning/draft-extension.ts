import type { PlannedJob, RunRequested } from '@cyborgbackup/contracts';
import { draftBackupChain, type DraftJob } from './draft-jobs.ts';

type Machine = NonNullable<PlannedJob['machine']>;

/** The jobs of machines that one of the run's jobs found: `Backup [-> Catalog] [-> Prune]` for each, once. */
export const draftExtension = (
  { uuid, policy }: Pick<RunRequested, 'uuid' | 'policy'>,
  foundBy: PlannedJob,
  machines: readonly Machine[],
): readonly DraftJob[] => {
  const { client, launch_type, followers = { catalog: false, prune: false } } = foundBy;
  if (!client) return [];
  const source = { run: uuid, policyName: policy?.name ?? '', launchType: launch_type, client };
  const known = new Map(machines.map((machine) => [machine.id, machine]));
  return [...known.values()].flatMap((machine) => draftBackupChain({ ...source, machine }, followers, [foundBy.uuid]));
};
