import type { PolicyEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { inventory, type PolicyRow } from '@cyborgbackup/read-models';
import { definedFields, firstStamps, nextStamps, sealedOnly } from '../shared/row-stamps.ts';

export const policies = defineReadModel<PolicyRow, PolicyEvent>(inventory.policies, {
  'policy-registered': (event, table) =>
    table.put({ ...event.data, extra_vars: sealedOnly(event.data.extra_vars), ...firstStamps(event) }),
  'policy-changed': (event, table) => {
    const { extra_vars: variables, ...changes } = event.data;
    const secret = variables === undefined ? {} : { extra_vars: sealedOnly(variables) };
    return table.update({ uuid: changes.uuid }, { ...definedFields(changes), ...secret, ...nextStamps(event) });
  },
  'policy-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
});
