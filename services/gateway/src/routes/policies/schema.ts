import { POLICY_DEFAULTS, policyFields } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { commonSchema } from '../../http/core/representation.ts';
import { withDefaults } from '../../http/resource/with-defaults.ts';

const { shape } = policyFields;

/** JSON as text, kept as it was sent. */
const extraVars = shape.extra_vars.meta({
  verbatim: true,
  json: true,
  description: 'A JSON object, or its text; it is kept and shown as text.',
});

export const createPolicy = z.object(
  withDefaults(
    { ...shape, extra_vars: extraVars },
    {
      extra_vars: '',
      clients: [],
      policy_type: 'rootfs',
      keep_hourly: null,
      keep_yearly: null,
      keep_daily: null,
      keep_weekly: null,
      keep_monthly: null,
      vmprovider: '',
      mode_pull: false,
      enabled: true,
      prehook: '',
      posthook: '',
      ...POLICY_DEFAULTS,
    },
  ),
);

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
