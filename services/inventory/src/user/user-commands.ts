import {
  type RpcHandlers,
  type RpcInput,
  SUPERUSERS_STREAM,
  type userCommands,
  type UserFields,
  type Written,
} from '@cyborgbackup/contracts';
import { handleCommand, type LoadedState } from '@cyborgbackup/event-store';
import { drawId } from '@cyborgbackup/service';
import { atLoadedVersion } from '../shared/at-loaded-version.ts';
import { caughtUp } from '../shared/caught-up.ts';
import { present, writtenBy } from '../shared/entity.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { registerOnce } from '../shared/register-once.ts';
import { userDecider, userStream, type User, type UserCommand } from './decider.ts';
import { comparableEmail, createEmails } from './emails.ts';
import { superusersDecider, type Superuser } from './superusers.ts';

const takesAway = (command: UserCommand, { is_superuser }: UserFields): boolean =>
  is_superuser && (command.do === 'remove' || (command.do === 'change' && command.changes.is_superuser === false));

export const createUserCommands = (deps: InventoryDeps): RpcHandlers<typeof userCommands> => {
  const handle = handleCommand(deps, userDecider);
  const withdraw = handleCommand(deps, superusersDecider);
  const emails = createEmails(deps);

  const allSuperusers = async (): Promise<readonly Superuser[]> => {
    await caughtUp(deps);
    const { rows } = await deps.pool.query<Superuser>(
      'select uuid::text as uuid, revision from inventory.users where is_superuser',
    );
    return rows;
  };

  /** Appends at exactly the loaded version, and sees to it that somebody stays a superuser. */
  const append = async (user: User, version: number, command: UserCommand): Promise<Written> => {
    if (takesAway(command, user.fields)) {
      const superusers = await allSuperusers();
      await withdraw(SUPERUSERS_STREAM, { user: user.uuid, version, superusers });
    }
    return writtenBy(await handle(userStream(user.uuid), command, { expectedVersion: version }), 'user');
  };

  const change = (
    { changes, password_hash }: RpcInput<typeof userCommands.change>,
    { state, version }: LoadedState<User | undefined>,
  ): Promise<Written> => {
    const user = present(state, 'user');
    const command = { do: 'change', changes, passwordHash: password_hash } as const;
    userDecider.decide(command, user); // refuses what is wrong before an address is claimed
    const from = comparableEmail(user.fields.email);
    const to = comparableEmail(changes.email ?? user.fields.email);
    return emails.change(userStream(user.uuid), { from, to }, () => append(user, version, command));
  };

  return {
    register: ({ uuid, command_id, password_hash: passwordHash, ...fields }) => {
      const stream = userStream(uuid);
      return registerOnce(deps.store, stream, { uuid, command_id }, async () => {
        const command = { do: 'register', uuid, id: await drawId(deps.pool, 'user'), fields, passwordHash } as const;
        userDecider.decide(command, undefined); // refuses what is wrong before an address is claimed
        await emails.register(stream, comparableEmail(fields.email), () =>
          handle(stream, command, { commandId: command_id }),
        );
      });
    },

    change: (command) => {
      const target = { stream: userStream(command.uuid), expectedVersion: command.expected_version };
      const run = (): Promise<Written> =>
        atLoadedVersion(deps, userDecider, target, (loaded) => change(command, loaded));
      return command.changes.email === undefined ? run() : emails.exclusively(run);
    },

    remove: ({ uuid, expected_version: expectedVersion }) => {
      const stream = userStream(uuid);
      return atLoadedVersion(deps, userDecider, { stream, expectedVersion }, ({ state, version }) => {
        const user = present(state, 'user');
        const email = comparableEmail(user.fields.email);
        return emails.remove(stream, email, () => append(user, version, { do: 'remove' }));
      });
    },
  };
};
