import type { PolicyEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { inventory, type PolicyRow } from '@cyborgbackup/read-models';
import { definedFields, firstStamps, nextStamps, sealedOnly } from '../shared/row-stamps.ts';

export const policies = defineReadModel<PolicyRow, PolicyEvent>(inventory.policies, {
  'policy-registered': (event, table) =>
    table.put({
      ...event.data,
      extra_vars: sealedOnly(event.data.extra_vars),
      prehook: sealedOnly(event.data.prehook),
      posthook: sealedOnly(event.data.posthook),
      ...firstStamps(event),
    }),
  'policy-changed': (event, table) => {
    const { extra_vars, prehook, posthook, ...changes } = event.data;
    const secrets = Object.entries(definedFields({ extra_vars, prehook, posthook }));
    const sealed = Object.fromEntries(secrets.map(([name, secret]) => [name, sealedOnly(secret)]));
    return table.update({ uuid: changes.uuid }, { ...definedFields(changes), ...sealed, ...nextStamps(event) });
  },
  'policy-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
});
