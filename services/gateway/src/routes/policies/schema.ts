import { POLICY_DEFAULTS, policyFields } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { commonSchema } from '../../http/core/representation.ts';

const { shape } = policyFields;

/** JSON as text, kept as it was sent. */
const extraVars = shape.extra_vars.meta({
  verbatim: true,
  json: true,
  description: 'A JSON object, or its text; it is kept and shown as text.',
});

export const createPolicy = z.object({
  ...shape,
  extra_vars: extraVars.default(''),
  clients: shape.clients.default([]),
  policy_type: shape.policy_type.default('rootfs'),
  keep_hourly: shape.keep_hourly.default(null),
  keep_yearly: shape.keep_yearly.default(null),
  keep_daily: shape.keep_daily.default(null),
  keep_weekly: shape.keep_weekly.default(null),
  keep_monthly: shape.keep_monthly.default(null),
  vmprovider: shape.vmprovider.default(''),
  mode_pull: shape.mode_pull.default(false),
  enabled: shape.enabled.default(true),
  prehook: shape.prehook.default(''),
  posthook: shape.posthook.default(''),
  missed_runs: shape.missed_runs.default(POLICY_DEFAULTS.missed_runs),
  overlap: shape.overlap.default(POLICY_DEFAULTS.overlap),
  connect_timeout: shape.connect_timeout.default(POLICY_DEFAULTS.connect_timeout),
  idle_timeout: shape.idle_timeout.default(POLICY_DEFAULTS.idle_timeout),
  total_timeout: shape.total_timeout.default(POLICY_DEFAULTS.total_timeout),
  max_attempts: shape.max_attempts.default(POLICY_DEFAULTS.max_attempts),
  shrink_limit: shape.shrink_limit.default(POLICY_DEFAULTS.shrink_limit),
  drill_schedule: shape.drill_schedule.default(POLICY_DEFAULTS.drill_schedule),
  drill_files: shape.drill_files.default(POLICY_DEFAULTS.drill_files),
});

export const changePolicy = policyFields.extend({ extra_vars: extraVars }).partial();

export const policySchema = z.object({
  ...commonSchema,
  type: z.literal('policy'),
  uuid: z.uuid(),
  ...shape,
  next_run: z.string().nullable(),
});

export const launchPolicy = z.object({
  extra_vars: z
    .unknown()
    .meta({ json: true, description: 'In place of the policy’s variables, for this run: a JSON object, or its text.' })
    .optional(),
  verbosity: z.int().min(0).max(4).default(0),
});
