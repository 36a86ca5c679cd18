import { clientCommands } from '@cyborgbackup/contracts';
import type { GatewayDeps } from '../deps.ts';
import type { Endpoint } from '../../http/core/endpoint.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import { presentClient } from './present.ts';
import { clientSource, type ClientRow } from './query.ts';
import { changeClient, clientSchema, createClient } from './schema.ts';

export const clientRoutes = (deps: GatewayDeps): readonly Endpoint[] =>
  resourceEndpoints<ClientRow, typeof createClient, typeof changeClient>(
    {
      label: 'Client',
      collection: 'clients',
      source: clientSource,
      representation: clientSchema,
      create: createClient,
      change: changeClient,
      present: async (row) => presentClient(row),
      register: (body, { ids }) => deps.call(clientCommands.register, { ...ids, ...body }),
      update: (target, changes) => deps.call(clientCommands.change, { ...target, changes }),
      remove: (target) => deps.call(clientCommands.remove, target),
    },
    deps,
  );
