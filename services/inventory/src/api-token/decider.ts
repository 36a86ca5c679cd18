import type { apiTokenCreated, ApiTokenEvent } from '@cyborgbackup/contracts';
import type { Decider, EventOf } from '@cyborgbackup/kernel';
import { registeredEntity, requireExisting, requireNew, type Entity } from '../shared/entity.ts';

type Token = EventOf<typeof apiTokenCreated>['data'];

/** A token that was revoked counts as removed. */
export type ApiToken = Entity<Omit<Token, 'uuid' | 'id'>>;

export type ApiTokenCommand = { readonly type: 'create'; readonly token: Token } | { readonly type: 'revoke' };

export const apiTokenDecider: Decider<ApiToken | undefined, ApiTokenCommand, ApiTokenEvent> = {
  initialState: undefined,

  decide: (command, state) => {
    if (command.type === 'create') {
      requireNew(state);
      return [{ type: 'api-token-created', data: command.token }];
    }
    const { uuid, id } = requireExisting(state, 'token');
    return [{ type: 'api-token-revoked', data: { uuid, id } }];
  },

  evolve: (state, event) => {
    if (event.type === 'api-token-created') return registeredEntity(event.data);
    return state && event.type === 'api-token-revoked' ? { ...state, isRemoved: true } : state;
  },
};

/** What people do to a token. */
export const apiTokenStream = (uuid: string): string => `api-token-${uuid}`;

/** When it was used: a stream that grows for ever, so that a revocation need not read it. */
export const apiTokenUsesStream = (uuid: string): string => `api-token-uses-${uuid}`;
