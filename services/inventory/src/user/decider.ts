import type { UserEvent, UserFields } from '@cyborgbackup/contracts';
import { fieldError, type Decider } from '@cyborgbackup/kernel';
import {
  changedEntity,
  changedFields,
  isEmpty,
  registeredEntity,
  requireExisting,
  requireNew,
  type Entity,
  type EntityCommand,
} from '../shared/entity.ts';

export type User = Entity<UserFields>;

/** The hash is `$scrypt$…`. */
export type UserCommand = EntityCommand<
  UserFields,
  { readonly passwordHash: string },
  {
    readonly passwordHash?: string | undefined;
    /** With which the password was chosen. */
    readonly resetToken?: string | undefined;
  }
>;

/** As lenient as mail servers are: `root@localhost` is an address. */
const EMAIL = /^[^\s@]+@[^\s@]+$/;

const checkEmail = (email: string | undefined): void => {
  if (email !== undefined && !EMAIL.test(email)) throw fieldError('email', 'Enter a valid email address.');
};

const change = (user: User, { changes, passwordHash, resetToken }: UserCommand & { type: 'change' }): UserEvent[] => {
  checkEmail(changes.email);
  const { uuid } = user;
  const changed = changedFields(user.fields, changes);
  const events: UserEvent[] = isEmpty(changed) ? [] : [{ type: 'user-changed', data: { uuid, ...changed } }];
  if (passwordHash !== undefined) {
    const chosenWith = resetToken === undefined ? {} : { reset_token: resetToken };
    events.push({ type: 'user-password-changed', data: { uuid, password_hash: passwordHash, ...chosenWith } });
  }
  return events;
};

/** That one superuser stays is not decided here: see `superusers.ts`. */
export const userDecider: Decider<User | undefined, UserCommand, UserEvent> = {
  initialState: undefined,

  decide: (command, state) => {
    switch (command.type) {
      case 'register': {
        requireNew(state);
        const { uuid, id, fields, passwordHash } = command;
        checkEmail(fields.email);
        return [{ type: 'user-registered', data: { ...fields, uuid, id, password_hash: passwordHash } }];
      }
      case 'change':
        return change(requireExisting(state, 'user'), command);
      case 'remove': {
        const { uuid, id } = requireExisting(state, 'user');
        return [{ type: 'user-removed', data: { uuid, id } }];
      }
    }
  },

  evolve: (state, event) => {
    if (event.type === 'user-registered') {
      const { password_hash: _, ...data } = event.data;
      return registeredEntity(data);
    }
    if (!state) return state;
    if (event.type === 'user-removed') return { ...state, isRemoved: true };
    return event.type === 'user-password-changed' ? state : changedEntity(state, event.data);
  },
};

export const userStream = (uuid: string): string => `user-${uuid}`;

/** Tokens for a new password. It only ever grows, and does not change the version of the user. */
export const passwordResetsStream = (uuid: string): string => `user-password-resets-${uuid}`;
