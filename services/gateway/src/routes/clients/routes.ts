import { clientCommands, clientFields, sentHostKey } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { Endpoint } from '../../http/core/endpoint.ts';
import { commonSchema, linksOf, represent } from '../../http/core/representation.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import { withDefaults } from '../../http/resource/with-defaults.ts';
import { hostKeyField } from '../host-keys/schema.ts';
import type { GatewayDeps } from '../deps.ts';
import type { ClientRow } from '../../lists/sources/clients.ts';

const createClient = z.object({
  ...withDefaults(clientFields.shape, {
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
  host_key: sentHostKey.optional(),
});

const changeClient = clientFields.extend({ host_key: sentHostKey }).partial();

export const clientSchema = z.object({
  ...commonSchema,
  type: z.literal('client'),
  ...clientFields.shape,
  host_key: hostKeyField,
  can_be_updated: z.boolean(),
  uuid: z.uuid(),
});

export const presentClient = (row: ClientRow): object =>
  represent(clientSchema, {
    ...row,
    ...linksOf(row, { collection: 'clients', summaries: { policies: row.policies } }),
    // No newer release of borg is known to this version.
    can_be_updated: false,
  });

export const clientRoutes = (deps: GatewayDeps): readonly Endpoint[] =>
  resourceEndpoints(
    {
      collection: 'clients',
      representation: clientSchema,
      create: createClient,
      change: changeClient,
      present: presentClient,
      register: (body, { ids }) => deps.call(clientCommands.register, { ...ids, ...body }),
      update: (target, { host_key, ...changes }) => deps.call(clientCommands.change, { ...target, changes, host_key }),
      remove: (target) => deps.call(clientCommands.remove, target),
    },
    deps,
  );
