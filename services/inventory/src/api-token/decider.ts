import type { apiTokenCreated, ApiTokenEvent } from '@cyborgbackup/contracts';
import type { Decider, EventOf } from '@cyborgbackup/kernel';
import { absent, present, type Entity } from '../shared/entity.ts';

type Token = EventOf<typeof apiTokenCreated>['data'];

/** A token that was revoked counts as removed. */
export type ApiToken = Entity<Omit<Token, 'uuid' | 'id'>>;

export type ApiTokenCommand = { readonly do: 'create'; readonly token: Token } | { readonly do: 'revoke' };

export const apiTokenDecider: Decider<ApiToken | undefined, ApiTokenCommand, ApiTokenEvent> = {
  initialState: undefined,

  decide: (command, state) => {
    if (command.do === 'create') {
      absent(state);
      return [{ type: 'api-token-created', data: command.token }];
    }
    const { uuid, id } = present(state, 'token');
    return [{ type: 'api-token-revoked', data: { uuid, id } }];
  },

  evolve: (state, event) => {
    if (event.type === 'api-token-created') {
      const { uuid, id, ...fields } = event.data;
      return { uuid, id, isRemoved: false, fields };
    }
    return state && event.type === 'api-token-revoked' ? { ...state, isRemoved: true } : state;
  },
};

/** What people do to a token. */
export const apiTokenStream = (uuid: string): string => `api-token-${uuid}`;

/** When it was used: a stream that grows for ever, so that a revocation need not read it. */
export const apiTokenUsesStream = (uuid: string): string => `api-token-uses-${uuid}`;
