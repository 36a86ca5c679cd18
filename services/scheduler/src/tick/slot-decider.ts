import type { ScheduleSlotEvent } from '@cyborgbackup/contracts';
import type { Decider } from '@cyborgbackup/kernel';
import { handledUntil } from './timetable-rows.ts';

/** Up to when a policy's slots are accounted for in this stream, in milliseconds since 1970. */
export type SlotsState = number;

/** Slots are skipped in the order of time, so one that comes again (a leader died after the append) is known. */
export const slotDecider: Decider<SlotsState, ScheduleSlotEvent['data'], ScheduleSlotEvent> = {
  initialState: -Infinity,
  decide: (slot, handled) =>
    Date.parse(slot.due_at) <= handled ? [] : [{ type: 'schedule-slot-skipped', data: slot }],
  evolve: (_state, { data }) => Date.parse(handledUntil(data)),
};
