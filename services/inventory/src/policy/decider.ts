import {
  isVmProvider,
  policyVariableProblems,
  VM_PROVIDERS,
  type PolicyEvent,
  type PolicyFields,
  type PolicySecret,
  type PolicyType,
} from '@cyborgbackup/contracts';
import type { Decider, Sealed } from '@cyborgbackup/kernel';
import {
  changedEntity,
  changedFields,
  isEmpty,
  registeredEntity,
  requireExisting,
  requireNew,
  type Changes,
  type Entity,
  type EntityCommand,
} from '../shared/entity.ts';
import { refuseFields } from '../shared/refuse-together.ts';
import { unknownIdErrors, type UnknownIds } from '../shared/unknown-ids.ts';

/** Secrets are plain on their way in, and sealed once they are in the log. */
type StoredFields = Omit<PolicyFields, PolicySecret> & Readonly<Record<PolicySecret, Sealed>>;

export type Policy = Entity<StoredFields>;

export type PolicyChanges = Changes<PolicyFields>;

/** Ids that the command names and that no entity has. */
export type UnknownReferences = UnknownIds<'clients' | 'repository' | 'schedule' | 'drill_schedule'>;

/** A change has a secret only when it becomes another, and in `variables` those after the change, in clear. */
export type PolicyCommand = EntityCommand<
  PolicyFields,
  { readonly unknown: UnknownReferences },
  { readonly unknown: UnknownReferences; readonly variables: string }
>;

type Source = Pick<PolicyFields, 'policy_type' | 'vmprovider'>;

const providerProblems = ({ policy_type: type, vmprovider: provider }: Source): readonly string[] =>
  type !== 'vm' || isVmProvider(provider)
    ? []
    : [`A policy of virtual machines needs one of ${Object.keys(VM_PROVIDERS).join(', ')} here.`];

/** Fields that a command does not name are not checked: when they are wrong, other fields can still be changed. */
const check = (
  unknown: UnknownReferences,
  provider: Source | undefined,
  variables: { readonly type: PolicyType; readonly text: string } | undefined,
): void => {
  const vmprovider = provider ? providerProblems(provider) : [];
  const extra_vars = variables ? policyVariableProblems(variables.type, variables.text) : [];
  refuseFields({
    ...unknownIdErrors(unknown),
    ...(vmprovider.length > 0 ? { vmprovider } : {}),
    ...(extra_vars.length > 0 ? { extra_vars } : {}),
  });
};

const withoutDuplicates = (ids: readonly number[]): number[] => [...new Set(ids)];

const change = (policy: Policy, command: PolicyCommand & { type: 'change' }): readonly PolicyEvent[] => {
  const { changes, variables, unknown } = command;
  const { uuid, fields } = policy;
  const { policy_type = fields.policy_type, vmprovider = fields.vmprovider, extra_vars } = changes;
  const isOtherType = changes.policy_type !== undefined;
  check(
    unknown,
    isOtherType || changes.vmprovider !== undefined ? { policy_type, vmprovider } : undefined,
    isOtherType || extra_vars !== undefined ? { type: policy_type, text: variables } : undefined,
  );
  const clients = changes.clients && withoutDuplicates(changes.clients);
  const changed = changedFields(fields, { ...changes, clients });
  return isEmpty(changed) ? [] : [{ type: 'policy-changed', data: { uuid, ...changed } }];
};

export const policyDecider: Decider<Policy | undefined, PolicyCommand, PolicyEvent> = {
  initialState: undefined,

  decide: (command, state) => {
    switch (command.type) {
      case 'register': {
        requireNew(state);
        const { uuid, id, fields, unknown } = command;
        check(unknown, fields, { type: fields.policy_type, text: fields.extra_vars });
        return [
          { type: 'policy-registered', data: { ...fields, clients: withoutDuplicates(fields.clients), uuid, id } },
        ];
      }
      case 'change':
        return change(requireExisting(state, 'policy'), command);
      case 'remove': {
        const { uuid, id } = requireExisting(state, 'policy');
        return [{ type: 'policy-removed', data: { uuid, id } }];
      }
    }
  },

  evolve: (state, event) => {
    if (event.type === 'policy-registered') return registeredEntity(event.data);
    if (!state) return state;
    return event.type === 'policy-removed' ? { ...state, isRemoved: true } : changedEntity(state, event.data);
  },
};

export const policyStream = (uuid: string): string => `policy-${uuid}`;
