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
import type { QueueInput } from '../queue/evolve-queue.ts';
import type { KnownEvent } from '../tables/known-event.ts';
import type { TimetableEvent } from '../timetable/timetable.ts';

interface Typed {
  readonly type: string;
}

const typesOf = (...definitions: readonly Typed[]): ReadonlySet<string> => new Set(definitions.map(({ type }) => type));

const queueTypes = typesOf(...runEvents, ...grantEvents, ...jobEvents);
const grantTypes = typesOf(...grantEvents);
const timetableTypes = typesOf(
  ...policyEvents,
  ...scheduleEvents,
  ...repositoryEvents,
  ...occurrenceEvents,
  ...settingsEvents,
  ...runEvents,
);

/** The leader subscribes to these alone: listings of archives, for example, are large. */
export const followedTypes: readonly string[] = [...queueTypes.union(timetableTypes)];

/** A run is for both: it brings jobs, and it accounts for an occurrence. */
export const isForQueue = (event: Typed): event is KnownEvent<QueueInput> => queueTypes.has(event.type);
export const isForTimetable = (event: Typed): event is KnownEvent<TimetableEvent> => timetableTypes.has(event.type);
/** Leaders alone append these. */
export const isGrantEvent = ({ type }: Typed): boolean => grantTypes.has(type);
