import { policyCommands, VM_PROVIDERS } from '@cyborgbackup/contracts';
import type { GatewayDeps } from '../deps.ts';
import { z } from 'zod';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { API_ROOT } from '../../http/core/representation.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import { calendarRoute } from './calendar.ts';
import { drillRoute } from './drill.ts';
import { launchRoutes } from './launch.ts';
import { presentPolicy } from './present.ts';
import { policySource, type PolicyRow } from './query.ts';
import { changePolicy, createPolicy, policySchema } from './schema.ts';

const vmProvider = z.object({ module: z.string(), name: z.string(), extra_vars: z.string() });

const vmProviders = endpoint({
  method: 'GET',
  path: `${API_ROOT}/policies/vmmodule`,
  access: 'user',
  tag: 'policies',
  summary: 'Retrieve a list of the providers of virtual machines, for policies of the type vm',
  answers: z.array(vmProvider),
  handle: async () => ({
    body: Object.entries(VM_PROVIDERS).map(([module, name]) => ({ module, name, extra_vars: '{}' })),
  }),
});

export const policyRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  vmProviders,
  ...resourceEndpoints<PolicyRow, typeof createPolicy, typeof changePolicy>(
    {
      label: 'Policy',
      collection: 'policies',
      source: policySource,
      representation: policySchema,
      create: createPolicy,
      change: changePolicy,
      // The published example of a PATCH is one of a repository.
      echoes: ['path', 'repository_key', 'ready'],
      present: (row) => presentPolicy(row, { keys: deps.keys, now: deps.clock.now() }),
      register: (body, { ids }) => deps.call(policyCommands.register, { ...ids, ...body }),
      update: (target, changes) => deps.call(policyCommands.change, { ...target, changes }),
      remove: (target) => deps.call(policyCommands.remove, target),
    },
    deps,
  ),
  ...launchRoutes(deps),
  drillRoute(deps),
  calendarRoute(deps),
];
