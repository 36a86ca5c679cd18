import { type policyCommands, type RpcHandlers, SECRET_MASK, unmaskExtraVars } from '@cyborgbackup/contracts';
import { handleCommand, isEncrypted } from '@cyborgbackup/event-store';
import { fieldError } from '@cyborgbackup/kernel';
import { drawId } from '@cyborgbackup/service';
import { caughtUp } from '../shared/caught-up.ts';
import { present, writtenBy } from '../shared/entity.ts';
import { refuseWhenInUse } from '../shared/in-use.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { withReferences } from '../shared/references.ts';
import { registerOnce } from '../shared/register-once.ts';
import { policyDecider, policyStream, type Policy, type PolicyChanges, type PolicyCommand } from './decider.ts';
import { resolvePolicy } from './resolve-policy.ts';
import { unknownReferences } from './unknown-references.ts';

/** @throws AppError `validation` for a mask where nothing is stored */
const unmask = (sent: string, stored: string): string => {
  const { text, missing } = unmaskExtraVars(sent, stored);
  const [first] = missing;
  if (first === undefined) return text;
  throw fieldError('extra_vars', `No value is stored for ${first}: send the value instead of ${SECRET_MASK}.`);
};

export const createPolicyCommands = (deps: InventoryDeps): RpcHandlers<typeof policyCommands> => {
  const handle = handleCommand(deps, policyDecider);

  /** Empty when they were erased. */
  const openVariables = async ({ fields: { extra_vars: stored } }: Policy): Promise<string> =>
    (isEncrypted(stored) ? await deps.keys.open(stored) : stored) ?? '';

  const changeCommand = async (policy: Policy, changes: PolicyChanges): Promise<PolicyCommand> => {
    const { extra_vars: sent, ...others } = changes;
    const stored = await openVariables(policy);
    const variables = sent === undefined ? stored : unmask(sent, stored);
    const effective = variables === stored ? others : { ...others, extra_vars: variables };
    return { do: 'change', changes: effective, variables, unknown: await unknownReferences(deps.pool, changes) };
  };

  return {
    register: ({ uuid, command_id, ...fields }) => {
      const stream = policyStream(uuid);
      const make = async (): Promise<void> => {
        const variables = { extra_vars: unmask(fields.extra_vars, '') };
        await caughtUp(deps);
        const unknown = await unknownReferences(deps.pool, fields);
        const id = await drawId(deps.pool, 'policy');
        const command = { do: 'register', uuid, id, fields: { ...fields, ...variables }, unknown } as const;
        await handle(stream, command, { commandId: command_id });
      };
      return withReferences(deps, () => registerOnce(deps.store, stream, { uuid, command_id }, make));
    },

    change: ({ uuid, changes, expected_version: expectedVersion }) =>
      withReferences(deps, async () => {
        await caughtUp(deps);
        const result = await handle(
          policyStream(uuid),
          async ({ state }, execute) => execute(await changeCommand(present(state, 'policy'), changes)),
          { expectedVersion },
        );
        return writtenBy(result, 'policy');
      }),

    remove: async ({ uuid, expected_version: expectedVersion }) => {
      const result = await handle(
        policyStream(uuid),
        async ({ state }, execute) => {
          await refuseWhenInUse(deps, { kind: 'policy', id: present(state, 'policy').id });
          return execute({ do: 'remove' });
        },
        { expectedVersion },
      );
      return writtenBy(result, 'policy');
    },

    resolve: async (command) => {
      await caughtUp(deps);
      return resolvePolicy(deps.pool, command);
    },
  };
};
