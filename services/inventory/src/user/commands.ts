import {
  comparableEmail,
  type PasswordResetEvent,
  type RpcHandlers,
  SUPERUSERS_STREAM,
  type userCommands,
  type UserEvent,
} from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { fieldError } from '@cyborgbackup/kernel';
import { entityCommands, type EntityCommands } from '../shared/entity-commands.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { recordFact } from '../shared/record-fact.ts';
import { waitForInventory } from '../shared/wait-for-tables.ts';
import { passwordResetsStream, userDecider, userStream, type User, type UserCommand } from './decider.ts';
import { superusersDecider, type Superuser } from './superusers.ts';

const takesRightsAway = (command: UserCommand, { fields }: User): boolean =>
  fields.is_superuser &&
  (command.type === 'remove' || (command.type === 'change' && command.changes.is_superuser === false));

/** The steps of each command are in `shared/entity-commands.ts`. */
export const createUserEntity = (deps: InventoryDeps): EntityCommands<User, UserCommand, UserEvent> => {
  const withdraw = handleCommand(deps, superusersDecider);

  const allSuperusers = async (): Promise<readonly Superuser[]> => {
    await waitForInventory(deps);
    const { rows } = await deps.pool.query<Superuser>(
      'select uuid::text as uuid, revision from inventory.users where is_superuser',
    );
    return rows;
  };

  return entityCommands(deps, {
    kind: 'user',
    idSequence: 'user',
    decider: userDecider,
    stream: userStream,
    unique: {
      kind: 'email',
      valueOf: (user) => (user && !user.isRemoved ? comparableEmail(user.fields.email) : undefined),
      takenError: () => fieldError('email', 'User with this Email address already exists.'),
    },
    /** One superuser stays: see `superusers.ts`. */
    beforeAppend: async ({ state: user, version }, command) => {
      if (!user || !takesRightsAway(command, user)) return undefined;
      await withdraw(SUPERUSERS_STREAM, { user: user.uuid, version, superusers: await allSuperusers() });
      return undefined;
    },
  });
};

export const createUserCommands = (deps: InventoryDeps): RpcHandlers<typeof userCommands> => {
  const { register, change, remove } = createUserEntity(deps);
  return {
    register: ({ uuid, command_id, password_hash: passwordHash, ...fields }) =>
      register({ uuid, command_id }, (id) => ({ type: 'register', uuid, id, fields, passwordHash })),
    change: ({ changes, password_hash: passwordHash, reset_token: resetToken, ...target }) =>
      change(target, () => ({ type: 'change', changes, passwordHash, resetToken })),
    remove: (target) => remove(target, { type: 'remove' }),
    recordPasswordReset: async (data) => {
      const fact: PasswordResetEvent = { type: 'password-reset-issued', data };
      const { position } = await recordFact(deps, passwordResetsStream(data.user), fact);
      return { position: position.toString() };
    },
  };
};
