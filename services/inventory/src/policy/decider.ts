import {
  isVmProvider,
  policyVariableProblems,
  VM_PROVIDERS,
  type PolicyEvent,
  type PolicyFields,
  type PolicyType,
} from '@cyborgbackup/contracts';
import type { Decider, Sealed } from '@cyborgbackup/kernel';
import { requireNew, changedFields, isEmpty, requireExisting, type Entity } from '../shared/entity.ts';
import { refuseFields } from '../shared/refuse-together.ts';
import { unknownIdErrors, type UnknownIds } from '../shared/unknown-ids.ts';

/** The variables are plain on their way in, and sealed once they are in the log. */
type StoredFields = Omit<PolicyFields, 'extra_vars'> & { readonly extra_vars: Sealed };

export type Policy = Entity<StoredFields>;

export type PolicyChanges = { readonly [Name in keyof PolicyFields]?: PolicyFields[Name] | undefined };

/** Ids that the command names and that nothing has. */
export type UnknownReferences = UnknownIds<'clients' | 'repository' | 'schedule' | 'drill_schedule'>;

export type PolicyCommand =
  | {
      readonly type: 'register';
      readonly uuid: string;
      readonly id: number;
      readonly fields: PolicyFields;
      readonly unknown: UnknownReferences;
    }
  | {
      readonly type: 'change';
      /** `extra_vars` only when they become others. */
      readonly changes: PolicyChanges;
      /** The variables after the change, in clear. */
      readonly variables: string;
      readonly unknown: UnknownReferences;
    }
  | { readonly type: 'remove' };

type Source = Pick<PolicyFields, 'policy_type' | 'vmprovider'>;

const providerProblems = ({ policy_type: type, vmprovider: provider }: Source): readonly string[] =>
  type !== 'vm' || isVmProvider(provider)
    ? []
    : [`A policy of virtual machines needs one of ${Object.keys(VM_PROVIDERS).join(', ')} here.`];

interface Concerns {
  readonly provider: Source | undefined;
  /** In clear. */
  readonly variables: { readonly type: PolicyType; readonly text: string } | undefined;
}

/** What a command does not touch may be wrong: it stands in the way of no other change. */
const check = (unknown: UnknownReferences, { provider, variables }: Concerns): void => {
  const vmprovider = provider ? providerProblems(provider) : [];
  const extra_vars = variables ? policyVariableProblems(variables.type, variables.text) : [];
  refuseFields({
    ...unknownIdErrors(unknown),
    ...(vmprovider.length > 0 ? { vmprovider } : {}),
    ...(extra_vars.length > 0 ? { extra_vars } : {}),
  });
};

const withoutTwins = (ids: readonly number[]): number[] => [...new Set(ids)];

const change = (policy: Policy, command: PolicyCommand & { type: 'change' }): readonly PolicyEvent[] => {
  const { changes, variables, unknown } = command;
  const { uuid, fields } = policy;
  const { policy_type = fields.policy_type, vmprovider = fields.vmprovider, extra_vars } = changes;
  const isOtherType = changes.policy_type !== undefined;
  check(unknown, {
    provider: isOtherType || changes.vmprovider !== undefined ? { policy_type, vmprovider } : undefined,
    variables: isOtherType || extra_vars !== undefined ? { type: policy_type, text: variables } : undefined,
  });
  const clients = changes.clients && withoutTwins(changes.clients);
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
        check(unknown, { provider: fields, variables: { type: fields.policy_type, text: fields.extra_vars } });
        return [{ type: 'policy-registered', data: { ...fields, clients: withoutTwins(fields.clients), uuid, id } }];
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
    if (event.type === 'policy-registered') {
      const { uuid, id, ...fields } = event.data;
      return { uuid, id, isRemoved: false, fields };
    }
    if (!state) return state;
    if (event.type === 'policy-removed') return { ...state, isRemoved: true };
    const { uuid: _, ...changes } = event.data;
    return { ...state, fields: { ...state.fields, ...changedFields(state.fields, changes) } };
  },
};

export const policyStream = (uuid: string): string => `policy-${uuid}`;
