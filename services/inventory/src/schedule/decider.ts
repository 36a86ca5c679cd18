import type { ScheduleEvent, ScheduleFields } from '@cyborgbackup/contracts';
import { checkTimezone, parseBlackout, parseCrontab } from '@cyborgbackup/scheduling';
import type { Decider } from '@cyborgbackup/kernel';
import {
  changedEntity,
  changedFields,
  isEmpty,
  registeredEntity,
  requireExisting,
  requireNew,
  type Changes,
  type Entity,
  type EntityCommand,
} from '../shared/entity.ts';
import { refuseTogether } from '../shared/refuse-together.ts';

export type Schedule = Entity<ScheduleFields>;

export type ScheduleCommand = EntityCommand<ScheduleFields>;

const check = ({ crontab, timezone, blackouts = [] }: Changes<ScheduleFields>): void =>
  refuseTogether(
    () => crontab !== undefined && parseCrontab(crontab),
    () => timezone !== undefined && checkTimezone(timezone),
    ...blackouts.map((window) => () => parseBlackout(window)),
  );

export const scheduleDecider: Decider<Schedule | undefined, ScheduleCommand, ScheduleEvent> = {
  initialState: undefined,

  decide: (command, state) => {
    switch (command.type) {
      case 'register': {
        requireNew(state);
        const { uuid, id, fields } = command;
        check(fields);
        return [{ type: 'schedule-registered', data: { ...fields, uuid, id } }];
      }
      case 'change': {
        const { uuid, fields } = requireExisting(state, 'schedule');
        check(command.changes);
        const changed = changedFields(fields, command.changes);
        return isEmpty(changed) ? [] : [{ type: 'schedule-changed', data: { uuid, ...changed } }];
      }
      case 'remove': {
        const { uuid, id } = requireExisting(state, 'schedule');
        return [{ type: 'schedule-removed', data: { uuid, id } }];
      }
    }
  },

  evolve: (state, event) => {
    if (event.type === 'schedule-registered') return registeredEntity(event.data);
    if (!state) return state;
    return event.type === 'schedule-removed' ? { ...state, isRemoved: true } : changedEntity(state, event.data);
  },
};

export const scheduleStream = (uuid: string): string => `schedule-${uuid}`;
