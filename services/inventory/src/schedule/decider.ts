import { type ScheduleEvent, type ScheduleFields } from '@cyborgbackup/contracts';
import { checkTimezone, parseBlackout, parseCrontab } from '@cyborgbackup/scheduling';
import type { Decider } from '@cyborgbackup/kernel';
import { absent, changedFields, isEmpty, present, type Entity } from '../shared/entity.ts';
import { refuseTogether } from '../shared/refuse-together.ts';

export type Schedule = Entity<ScheduleFields>;

type ScheduleChanges = { readonly [Name in keyof ScheduleFields]?: ScheduleFields[Name] | undefined };

export type ScheduleCommand =
  | { readonly do: 'register'; readonly uuid: string; readonly id: number; readonly fields: ScheduleFields }
  | { readonly do: 'change'; readonly changes: ScheduleChanges }
  | { readonly do: 'remove' };

const check = ({ crontab, timezone, blackouts = [] }: ScheduleChanges): void =>
  refuseTogether(
    () => crontab !== undefined && parseCrontab(crontab),
    () => timezone !== undefined && checkTimezone(timezone),
    ...blackouts.map((window) => () => parseBlackout(window)),
  );

export const scheduleDecider: Decider<Schedule | undefined, ScheduleCommand, ScheduleEvent> = {
  initialState: undefined,

  decide: (command, state) => {
    switch (command.do) {
      case 'register': {
        absent(state);
        const { uuid, id, fields } = command;
        check(fields);
        return [{ type: 'schedule-registered', data: { ...fields, uuid, id } }];
      }
      case 'change': {
        const { uuid, fields } = present(state, 'schedule');
        check(command.changes);
        const changed = changedFields(fields, command.changes);
        return isEmpty(changed) ? [] : [{ type: 'schedule-changed', data: { uuid, ...changed } }];
      }
      case 'remove': {
        const { uuid, id } = present(state, 'schedule');
        return [{ type: 'schedule-removed', data: { uuid, id } }];
      }
    }
  },

  evolve: (state, event) => {
    if (event.type === 'schedule-registered') {
      const { uuid, id, ...fields } = event.data;
      return { uuid, id, isRemoved: false, fields };
    }
    if (!state) return state;
    if (event.type === 'schedule-removed') return { ...state, isRemoved: true };
    const { uuid: _, ...changes } = event.data;
    return { ...state, fields: { ...state.fields, ...changedFields(state.fields, changes) } };
  },
};

export const scheduleStream = (uuid: string): string => `schedule-${uuid}`;
