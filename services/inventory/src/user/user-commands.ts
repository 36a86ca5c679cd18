import {
  type RpcHandlers,
  SUPERUSERS_STREAM,
  type userCommands,
  type UserFields,
  type Written,
} from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { drawId } from '@cyborgbackup/service';
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

  /** To be done before a command is executed that may take the last superuser's rights away. */
  const keepSuperusers = async (user: User, version: number, command: UserCommand): Promise<void> => {
    if (!takesAway(command, user.fields)) return;
    const superusers = await allSuperusers();
    await withdraw(SUPERUSERS_STREAM, { user: user.uuid, version, superusers });
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

    change: ({ uuid, changes, password_hash: passwordHash, expected_version: expectedVersion }) => {
      const stream = userStream(uuid);
      const command = { do: 'change', changes, passwordHash } as const;
      const run = async (): Promise<Written> => {
        const result = await handle(
          stream,
          ({ state, version }, execute) => {
            const user = present(state, 'user');
            userDecider.decide(command, user); // refuses what is wrong before an address is claimed
            const from = comparableEmail(user.fields.email);
            const to = comparableEmail(changes.email ?? user.fields.email);
            return emails.change(stream, { from, to }, async () => {
              await keepSuperusers(user, version, command);
              return execute(command);
            });
          },
          { expectedVersion },
        );
        return writtenBy(result, 'user');
      };
      return changes.email === undefined ? run() : emails.exclusively(run);
    },

    remove: async ({ uuid, expected_version: expectedVersion }) => {
      const stream = userStream(uuid);
      const result = await handle(
        stream,
        ({ state, version }, execute) => {
          const user = present(state, 'user');
          return emails.remove(stream, comparableEmail(user.fields.email), async () => {
            await keepSuperusers(user, version, { do: 'remove' });
            return execute({ do: 'remove' });
          });
        },
        { expectedVersion },
      );
      return writtenBy(result, 'user');
    },
  };
};
