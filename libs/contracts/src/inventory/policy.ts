import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { integerId, requiredText, sealedText, text, uuid } from '../text.ts';

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

const policyTypeNames = Object.keys(POLICY_TYPES) as [PolicyType, ...PolicyType[]];

/** How many archives of a period to keep; null and 0 = the period is not used. */
const keep = z.int().min(0).max(100_000).nullable();

export const retentionFields = {
  keep_hourly: keep,
  keep_daily: keep,
  keep_weekly: keep,
  keep_monthly: keep,
  keep_yearly: keep,
};

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
});
export type PolicyFields = z.infer<typeof policyFields>;

const stored = policyFields.extend({ extra_vars: sealedText });
const variables = {
  subject: (data: { uuid: string }) => `policy-${data.uuid}`,
  fields: ['extra_vars'] as const,
};

export const policyRegistered = defineEvent({
  type: 'policy-registered',
  version: 1,
  schema: stored.extend({ id: integerId, uuid }),
  sealed: variables,
});

export const policyChanged = defineEvent({
  type: 'policy-changed',
  version: 1,
  schema: stored.partial().extend({ uuid }),
  sealed: variables,
});

export const policyRemoved = defineEvent({
  type: 'policy-removed',
  version: 1,
  schema: z.object({ uuid, id: integerId }),
});

export const policyEvents = [policyRegistered, policyChanged, policyRemoved] as const;
export type PolicyEvent = EventOf<(typeof policyEvents)[number]>;
