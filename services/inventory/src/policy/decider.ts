import {
  isVmProvider,
  policyVariableProblems,
  VM_PROVIDERS,
  type PolicyEvent,
  type PolicyFields,
} from '@cyborgbackup/contracts';
import type { Decider, Sealed } from '@cyborgbackup/kernel';
import { absent, changedFields, isEmpty, present, type Entity } from '../shared/entity.ts';
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
      readonly do: 'register';
      readonly uuid: string;
      readonly id: number;
      readonly fields: PolicyFields;
      readonly unknown: UnknownReferences;
    }
  | {
      readonly do: 'change';
      /** `extra_vars` only when they become others. */
      readonly changes: PolicyChanges;
      /** The variables after the change, in clear. */
      readonly variables: string;
      readonly unknown: UnknownReferences;
    }
  | { readonly do: 'remove' };

type Source = Pick<PolicyFields, 'policy_type' | 'vmprovider'>;

const providerProblems = ({ policy_type: type, vmprovider: provider }: Source): readonly string[] =>
  type !== 'vm' || isVmProvider(provider)
    ? []
    : [`A policy of virtual machines needs one of ${Object.keys(VM_PROVIDERS).join(', ')} here.`];

/** @param variables in clear; undefined when they need not be looked at */
const check = (unknown: UnknownReferences, source: Source, variables: string | undefined): void => {
  const problems = variables === undefined ? [] : policyVariableProblems(source.policy_type, variables);
  const provider = providerProblems(source);
  refuseFields({
    ...unknownIdErrors(unknown),
    ...(provider.length > 0 ? { vmprovider: provider } : {}),
    ...(problems.length > 0 ? { extra_vars: problems } : {}),
  });
};

const withoutTwins = (ids: readonly number[]): number[] => [...new Set(ids)];

const change = (policy: Policy, command: PolicyCommand & { do: 'change' }): readonly PolicyEvent[] => {
  const { changes, variables, unknown } = command;
  const { uuid, fields } = policy;
  const { policy_type = fields.policy_type, vmprovider = fields.vmprovider, extra_vars } = changes;
  const concernsVariables = extra_vars !== undefined || changes.policy_type !== undefined;
  check(unknown, { policy_type, vmprovider }, concernsVariables ? variables : undefined);
  const clients = changes.clients && withoutTwins(changes.clients);
  const changed = changedFields(fields, { ...changes, clients });
  return isEmpty(changed) ? [] : [{ type: 'policy-changed', data: { uuid, ...changed } }];
};

export const policyDecider: Decider<Policy | undefined, PolicyCommand, PolicyEvent> = {
  initialState: undefined,

  decide: (command, state) => {
    switch (command.do) {
      case 'register': {
        absent(state);
        const { uuid, id, fields, unknown } = command;
        check(unknown, fields, fields.extra_vars);
        return [{ type: 'policy-registered', data: { ...fields, clients: withoutTwins(fields.clients), uuid, id } }];
      }
      case 'change':
        return change(present(state, 'policy'), command);
      case 'remove': {
        const { uuid, id } = present(state, 'policy');
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
