import { policyCommands } from '@cyborgbackup/contracts';
import type { GatewayDeps } from '../../http/deps.ts';
import { z } from 'zod';
import { endpoint, type Endpoint } from '../../http/endpoint.ts';
import { API_ROOT } from '../../http/representation.ts';
import { resourceEndpoints } from '../../http/resource.ts';
import { calendarRoute } from './calendar.ts';
import { launchRoutes } from './launch.ts';
import { presentPolicy } from './present.ts';
import { policySource, type PolicyRow } from './query.ts';
import { changePolicy, createPolicy, policySchema } from './schema.ts';

/** The original's console asks for it. */
const vmProviders = endpoint({
  method: 'GET',
  path: `${API_ROOT}/policies/vmmodule`,
  access: 'user',
  tag: 'policies',
  summary: 'Retrieve a list of the installed providers of virtual machines: there are none',
  answers: z.array(z.never()),
  handle: async () => ({ body: [] }),
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
      present: (row) => presentPolicy(row, { keys: deps.keys, now: deps.clock.now() }),
      register: (body, { ids }) => deps.call(policyCommands.register, { ...ids, ...body }),
      update: (target, changes) => deps.call(policyCommands.change, { ...target, changes }),
      remove: (target) => deps.call(policyCommands.remove, target),
    },
    deps,
  ),
  ...launchRoutes(deps),
  calendarRoute(deps),
];
