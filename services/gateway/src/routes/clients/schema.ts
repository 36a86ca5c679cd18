import { clientFields } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { commonSchema } from '../../http/core/representation.ts';

const { shape } = clientFields;

export const createClient = z.object({
  ...shape,
  ip: shape.ip.default(''),
  version: shape.version.default(''),
  ready: shape.ready.default(false),
  hypervisor_ready: shape.hypervisor_ready.default(false),
  hypervisor_name: shape.hypervisor_name.default(''),
  enabled: shape.enabled.default(true),
  port: shape.port.default(22),
  bandwidth_limit: shape.bandwidth_limit.default(null),
  mark_as_to_update: shape.mark_as_to_update.default(false),
  behind_firewall: shape.behind_firewall.default(false),
});

export const changeClient = clientFields.partial();

export const clientSchema = z.object({
  ...commonSchema,
  type: z.literal('client'),
  ...shape,
  can_be_updated: z.boolean(),
  uuid: z.uuid(),
});
