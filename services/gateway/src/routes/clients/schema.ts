import { clientFields } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { commonSchema } from '../../http/core/representation.ts';
import { withDefaults } from '../../http/resource/with-defaults.ts';

export const createClient = z.object(
  withDefaults(clientFields.shape, {
    ip: '',
    version: '',
    ready: false,
    hypervisor_ready: false,
    hypervisor_name: '',
    enabled: true,
    port: 22,
    bandwidth_limit: null,
    mark_as_to_update: false,
    behind_firewall: false,
  }),
);

export const changeClient = clientFields.partial();

export const clientSchema = z.object({
  ...commonSchema,
  type: z.literal('client'),
  ...clientFields.shape,
  can_be_updated: z.boolean(),
  uuid: z.uuid(),
});
