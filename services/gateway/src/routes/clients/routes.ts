import { clientCommands } from '@cyborgbackup/contracts';
import type { Endpoint } from '../../http/core/endpoint.ts';
import { linksOf, represent } from '../../http/core/representation.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import type { GatewayDeps } from '../deps.ts';
import type { ClientRow } from '../../lists/sources/clients.ts';
import { changeClient, clientSchema, createClient } from './schema.ts';

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
      update: (target, changes) => deps.call(clientCommands.change, { ...target, changes }),
      remove: (target) => deps.call(clientCommands.remove, target),
    },
    deps,
  );
