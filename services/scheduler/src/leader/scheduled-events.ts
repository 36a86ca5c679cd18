import {
  jobEvents,
  policyEvents,
  grantEvents,
  repositoryEvents,
  runEvents,
  scheduleEvents,
  occurrenceEvents,
  settingsEvents,
} from '@cyborgbackup/contracts';
import type { QueueInput } from '../queue/queue.ts';
import type { KnownEvent } from '../read/known-event.ts';
import type { TimetableEvent } from '../tick/timetable.ts';

/** Events that the leader follows. */
export type ScheduledEvent = KnownEvent<QueueInput | TimetableEvent>;

const typesOf = (...definitions: readonly { readonly type: string }[]): ReadonlySet<string> =>
  new Set(definitions.map(({ type }) => type));

const queueTypes = typesOf(...runEvents, ...grantEvents, ...jobEvents);
const slotTypes = typesOf(...grantEvents);
const timetableTypes = typesOf(
  ...policyEvents,
  ...scheduleEvents,
  ...repositoryEvents,
  ...occurrenceEvents,
  ...settingsEvents,
  ...runEvents,
);

/** All that a leader reads: listings of archives, for one, are none of it, and large. */
export const scheduledTypes: readonly string[] = [...new Set([...queueTypes, ...timetableTypes])];

/** Runs are in both: they bring jobs, and they account for a slot. */
export const isForQueue = (event: { readonly type: string }): event is KnownEvent<QueueInput> =>
  queueTypes.has(event.type);
export const isForTimetable = (event: { readonly type: string }): event is KnownEvent<TimetableEvent> =>
  timetableTypes.has(event.type);
/** One that a leader wrote. */
export const isSlotEvent = ({ type }: { readonly type: string }): boolean => slotTypes.has(type);
