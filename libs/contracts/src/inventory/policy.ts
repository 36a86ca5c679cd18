import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { integerId, removedEntity, requiredText, sealedText, text, uuid } from '../wire/scalars.ts';

/** Policy types with the labels people see. */
export const POLICY_TYPES = {
  rootfs: 'Root FileSystem',
  vm: 'Virtual Machine',
  mysql: 'MySQL',
  postgresql: 'PostgreSQL',
  piped: 'Piped Backup',
  config: 'Only /etc',
  mail: 'Only mail directory',
  folders: 'Specified folders',
  proxmox: 'Proxmox',
} as const;
export type PolicyType = keyof typeof POLICY_TYPES;

/** Tools that list and dump the machines of a hypervisor, for policies of the type `vm`, with the labels people see. */
export const VM_PROVIDERS = {
  libvirt: 'libvirt (virsh)',
  proxmox: 'Proxmox VE (vzdump)',
} as const;
export type VmProvider = keyof typeof VM_PROVIDERS;

export const isVmProvider = (name: string): name is VmProvider => Object.hasOwn(VM_PROVIDERS, name);

const policyTypeNames = Object.keys(POLICY_TYPES) as [PolicyType, ...PolicyType[]];

/** How many archives of a period to keep; null and 0 = the period is not used. */
const keep = z.int().min(0).max(100_000).nullable();

const retentionFields = {
  keep_hourly: keep,
  keep_daily: keep,
  keep_weekly: keep,
  keep_monthly: keep,
  keep_yearly: keep,
};

const seconds = (max: number): z.ZodNullable<z.ZodInt> => z.int().min(1).max(max).nullable();

/** How a policy's jobs are run. */
export const runFields = {
  /** What happens to occurrences that were missed, since no scheduler was running. */
  missed_runs: z.enum(['once', 'skip', 'all']),
  /** What happens to an occurrence while an earlier run of the policy has not ended. */
  overlap: z.enum(['skip', 'queue']),
  /** Seconds for reaching a host and logging in; null = the executor's own limit. */
  connect_timeout: seconds(300),
  /** Seconds without output after which borg or a dump is stopped; null = an hour. */
  idle_timeout: seconds(604_800),
  /** Seconds that one attempt of a job may take in all; null = no limit. */
  total_timeout: seconds(2_592_000),
  /** How many attempts a job gets while the connection to a host fails; 1 = no retry. */
  max_attempts: z.int().min(1).max(20),
  /** Percent by which a source may shrink from one backup to the next; null = no limit. */
  shrink_limit: z.int().min(1).max(99).nullable(),
};

/** Restore drills of the policy's latest archives. */
export const drillFields = {
  /** Id of the schedule; null = no drills. */
  drill_schedule: integerId.nullable(),
  /** Files picked at random from each client's latest archive. */
  drill_files: z.int().min(1).max(1_000),
};

/** Defaults of the optional fields. */
export const POLICY_DEFAULTS = {
  missed_runs: 'once',
  overlap: 'skip',
  connect_timeout: null,
  idle_timeout: null,
  total_timeout: null,
  max_attempts: 3,
  shrink_limit: 80,
  drill_schedule: null,
  drill_files: 10,
} as const;

/** A policy as it was when a run was requested. */
export const policySnapshot = z.object({
  id: integerId,
  uuid,
  name: z.string(),
  policy_type: z.string(),
  ...retentionFields,
  vmprovider: z.string(),
  mode_pull: z.boolean(),
  ...runFields,
  drill_files: drillFields.drill_files,
});

/**
 * Fields of a policy that are sealed in the log and in every table, since they may hold passwords: variables (among them the
 * command whose output is backed up) and hooks. See docs/decisions/0028-hooks-are-secrets-and-jobs-are-given-theirs.md.
 */
export const policySecrets = { extra_vars: sealedText, prehook: sealedText, posthook: sealedText };
export type PolicySecret = keyof typeof policySecrets;

/** A policy as the API and the commands have it. `clients`, `repository` and `schedule` are integer ids. */
export const policyFields = z.object({
  name: requiredText(1024),
  /** JSON text, exactly as it was sent; empty means no variables. May hold database passwords. */
  extra_vars: text(65_536),
  clients: z.array(integerId).max(10_000),
  repository: integerId,
  schedule: integerId,
  policy_type: z.enum(policyTypeNames),
  ...retentionFields,
  vmprovider: text(128),
  mode_pull: z.boolean(),
  enabled: z.boolean(),
  prehook: text(128),
  posthook: text(128),
  ...runFields,
  ...drillFields,
});
export type PolicyFields = z.infer<typeof policyFields>;

const stored = policyFields.extend(policySecrets);
const sealed = { subject: (data: { uuid: string }) => `policy-${data.uuid}`, fields: Object.keys(policySecrets) };

export const policyRegistered = defineEvent({
  type: 'policy-registered',
  schema: stored.extend({ id: integerId, uuid }),
  sealed,
});

export const policyChanged = defineEvent({
  type: 'policy-changed',
  schema: stored.partial().extend({ uuid }),
  sealed,
});

export const policyRemoved = defineEvent({ type: 'policy-removed', schema: removedEntity });

export const policyEvents = [policyRegistered, policyChanged, policyRemoved] as const;
export type PolicyEvent = EventOf<(typeof policyEvents)[number]>;
