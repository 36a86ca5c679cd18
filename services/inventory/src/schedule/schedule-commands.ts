import type { RpcHandlers, scheduleCommands } from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { drawId } from '@cyborgbackup/service';
import { present, writtenBy } from '../shared/entity.ts';
import { refuseWhenInUse } from '../shared/in-use.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { withReferences } from '../shared/references.ts';
import { registerOnce } from '../shared/register-once.ts';
import { scheduleDecider, scheduleStream } from './decider.ts';

export const createScheduleCommands = (deps: InventoryDeps): RpcHandlers<typeof scheduleCommands> => {
  const handle = handleCommand(deps, scheduleDecider);

  return {
    register: ({ uuid, command_id, ...fields }) => {
      const stream = scheduleStream(uuid);
      return registerOnce(deps.store, stream, { uuid, command_id }, async () => {
        const id = await drawId(deps.pool, 'schedule');
        await handle(stream, { do: 'register', uuid, id, fields }, { commandId: command_id });
      });
    },

    change: async ({ uuid, changes, expected_version: expectedVersion }) => {
      return writtenBy(await handle(scheduleStream(uuid), { do: 'change', changes }, { expectedVersion }), 'schedule');
    },

    remove: ({ uuid, expected_version: expectedVersion }) =>
      withReferences(deps, async () => {
        const result = await handle(
          scheduleStream(uuid),
          async ({ state }, execute) => {
            await refuseWhenInUse(deps, { kind: 'schedule', id: present(state, 'schedule').id });
            return execute({ do: 'remove' });
          },
          { expectedVersion },
        );
        return writtenBy(result, 'schedule');
      }),
  };
};
