import { policyCommands } from '@cyborgbackup/contracts';
import type { Endpoint } from '../../http/core/endpoint.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import type { GatewayDeps } from '../deps.ts';
import { policyActions, vmProviders } from './actions.ts';
import { presentPolicy } from './present.ts';
import type { PolicyRow } from '../../lists/sources/policies.ts';
import { changePolicy, createPolicy, policySchema } from './schema.ts';

export const policyRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  vmProviders,
  ...resourceEndpoints(
    {
      collection: 'policies',
      representation: policySchema,
      create: createPolicy,
      change: changePolicy,
      // The published example of a PATCH is one of a repository.
      ignoredFields: ['path', 'repository_key', 'ready'],
      present: (row: PolicyRow, caller) => presentPolicy(row, { keys: deps.keys, now: deps.clock.now(), caller }),
      register: (body, { ids }) => deps.call(policyCommands.register, { ...ids, ...body }),
      update: (target, changes) => deps.call(policyCommands.change, { ...target, changes }),
      remove: (target) => deps.call(policyCommands.remove, target),
    },
    deps,
  ),
  ...policyActions(deps),
];
