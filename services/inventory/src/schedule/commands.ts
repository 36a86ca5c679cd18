import type { RpcHandlers, scheduleCommands } from '@cyborgbackup/contracts';
import { entityCommands } from '../shared/entity-commands.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { scheduleDecider, scheduleStream } from './decider.ts';

/** The steps of each command are in `shared/entity-commands.ts`. */
export const createScheduleCommands = (deps: InventoryDeps): RpcHandlers<typeof scheduleCommands> => {
  const { register, change, remove } = entityCommands(deps, {
    kind: 'schedule',
    idSequence: 'schedule',
    decider: scheduleDecider,
    stream: scheduleStream,
    referencedAs: 'schedule',
  });

  return {
    register: ({ uuid, command_id, ...fields }) =>
      register({ uuid, command_id }, (id) => ({ type: 'register', uuid, id, fields })),
    change: ({ changes, ...target }) => change(target, () => ({ type: 'change', changes })),
    remove: (target) => remove(target, { type: 'remove' }),
  };
};
