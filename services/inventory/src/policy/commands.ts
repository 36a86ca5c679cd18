import {
  type policyCommands,
  type PolicySecret,
  type RpcHandlers,
  SECRET_MASK,
  unmaskExtraVars,
} from '@cyborgbackup/contracts';
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

/** A mask stands for the stored value. @throws AppError `validation` for a mask where nothing is stored */
const unmask = (name: PolicySecret, sent: string, stored: string): string => {
  if (name !== 'extra_vars' && sent !== SECRET_MASK) return sent;
  const { text, missing } = unmaskExtraVars(sent, stored);
  const [first] = missing;
  if (first === undefined) return text;
  throw fieldError(name, `No value is stored for ${first}: send the value instead of ${SECRET_MASK}.`);
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

  /** Empty when it was erased. */
  const openSecret = async ({ fields }: Policy, name: PolicySecret): Promise<string> => {
    const stored = fields[name];
    return (isEncrypted(stored) ? await deps.keys.open(stored) : stored) ?? '';
  };

  /** Undefined when it stays what it is. */
  const changedSecret = async (
    policy: Policy,
    name: PolicySecret,
    changes: PolicyChanges,
  ): Promise<string | undefined> => {
    const sent = changes[name];
    if (sent === undefined) return undefined;
    const stored = await openSecret(policy, name);
    const text = unmask(name, sent, stored);
    return text === stored ? undefined : text;
  };

  const changeCommand = async (policy: Policy, sent: PolicyChanges): Promise<PolicyCommand> => {
    const changes = {
      ...sent,
      extra_vars: await changedSecret(policy, 'extra_vars', sent),
      prehook: await changedSecret(policy, 'prehook', sent),
      posthook: await changedSecret(policy, 'posthook', sent),
    };
    const variables = changes.extra_vars ?? (await openSecret(policy, 'extra_vars'));
    return { type: 'change', changes, variables, unknown: await unknownReferences(deps.pool, changes) };
  };

  return {
    register: ({ uuid, command_id, ...sent }) =>
      withReferences(deps, () =>
        register({ uuid, command_id }, async (id) => {
          const fields = {
            ...sent,
            extra_vars: unmask('extra_vars', sent.extra_vars, ''),
            prehook: unmask('prehook', sent.prehook, ''),
            posthook: unmask('posthook', sent.posthook, ''),
          };
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
