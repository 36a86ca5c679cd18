import { policyCommands } from '@cyborgbackup/contracts';
import type { GatewayDeps } from '../../http/deps.ts';
import type { Endpoint } from '../../http/endpoint.ts';
import { resourceEndpoints } from '../../http/resource.ts';
import { calendarRoute } from './calendar.ts';
import { launchRoutes } from './launch.ts';
import { presentPolicy } from './present.ts';
import { policySource, type PolicyRow } from './query.ts';
import { changePolicy, createPolicy, policySchema } from './schema.ts';

export const policyRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
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
