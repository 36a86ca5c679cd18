import { type policyCommands, type RpcHandlers, SECRET_MASK, unmaskExtraVars } from '@cyborgbackup/contracts';
import { isEncrypted } from '@cyborgbackup/event-store';
import { fieldError } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';
import { entityCommands } from '../shared/entity-commands.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { findUnknownIds } from '../shared/unknown-ids.ts';
import { waitForInventory, withReferences } from '../shared/wait-for-tables.ts';
import {
  policyDecider,
  policyStream,
  type Policy,
  type PolicyChanges,
  type PolicyCommand,
  type UnknownReferences,
} from './decider.ts';
import { resolvePolicy } from './resolve-policy.ts';

/** @throws AppError `validation` for a mask where nothing is stored */
const unmask = (sent: string, stored: string): string => {
  const { text, missing } = unmaskExtraVars(sent, stored);
  const [first] = missing;
  if (first === undefined) return text;
  throw fieldError('extra_vars', `No value is stored for ${first}: send the value instead of ${SECRET_MASK}.`);
};

/** The ids in a policy's fields that the read model does not know. Wait for it first (`waitForInventory`). */
const unknownReferences = (pool: Pool, fields: PolicyChanges): Promise<UnknownReferences> =>
  findUnknownIds(pool, {
    clients: ['clients', fields.clients],
    repository: ['repositories', fields.repository],
    schedule: ['schedules', fields.schedule],
    drill_schedule: ['schedules', fields.drill_schedule],
  });

/** The steps of each command are in `shared/entity-commands.ts`. */
export const createPolicyCommands = (deps: InventoryDeps): RpcHandlers<typeof policyCommands> => {
  const { register, change, remove } = entityCommands(deps, {
    kind: 'policy',
    idSequence: 'policy',
    decider: policyDecider,
    stream: policyStream,
    referencedAs: 'policy',
  });

  /** Empty when they were erased. */
  const openVariables = async ({ fields: { extra_vars: stored } }: Policy): Promise<string> =>
    (isEncrypted(stored) ? await deps.keys.open(stored) : stored) ?? '';

  const changeCommand = async (policy: Policy, changes: PolicyChanges): Promise<PolicyCommand> => {
    const { extra_vars: sent, ...others } = changes;
    const stored = await openVariables(policy);
    const variables = sent === undefined ? stored : unmask(sent, stored);
    const effective = variables === stored ? others : { ...others, extra_vars: variables };
    return { type: 'change', changes: effective, variables, unknown: await unknownReferences(deps.pool, changes) };
  };

  return {
    register: ({ uuid, command_id, ...sent }) =>
      withReferences(deps, () =>
        register({ uuid, command_id }, async (id) => {
          const fields = { ...sent, extra_vars: unmask(sent.extra_vars, '') };
          await waitForInventory(deps);
          return { type: 'register', uuid, id, fields, unknown: await unknownReferences(deps.pool, fields) };
        }),
      ),

    change: ({ changes, ...target }) =>
      withReferences(deps, async () => {
        await waitForInventory(deps);
        return change(target, (policy) => changeCommand(policy, changes));
      }),

    remove: (target) => remove(target, { type: 'remove' }),

    resolve: async (command) => {
      await waitForInventory(deps);
      return resolvePolicy(deps.pool, command);
    },
  };
};
