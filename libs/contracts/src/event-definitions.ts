import type { EventDefinition } from '@cyborgbackup/kernel';
import { catalogEvents } from './catalog/events.ts';
import { archiveContentRead } from './executor/downloads.ts';
import { jobEvents } from './executor/job.ts';
import { outputEvents } from './executor/output.ts';
import { secretReadEvents } from './executor/secrets.ts';
import { clientEvents } from './inventory/client.ts';
import { hostKeyEvents } from './inventory/host-key.ts';
import { policyEvents } from './inventory/policy.ts';
import { repositoryEvents } from './inventory/repository.ts';
import { scheduleEvents } from './inventory/schedule.ts';
import { apiTokenEvents, logInEvents, sessionEvents } from './inventory/session.ts';
import { settingsEvents } from './inventory/settings.ts';
import { passwordResetEvents, superuserEvents, userEvents } from './inventory/user.ts';
import { grantEvents } from './scheduler/grants.ts';
import { runEvents } from './scheduler/run.ts';
import { occurrenceEvents } from './scheduler/occurrence.ts';

/** All types of events. The codec of every service is built from this list. */
export const eventDefinitions: readonly EventDefinition[] = [
  ...userEvents,
  ...superuserEvents,
  ...clientEvents,
  ...repositoryEvents,
  ...scheduleEvents,
  ...policyEvents,
  ...settingsEvents,
  ...hostKeyEvents,
  ...sessionEvents,
  ...logInEvents,
  ...passwordResetEvents,
  ...apiTokenEvents,
  ...secretReadEvents,
  ...runEvents,
  ...grantEvents,
  ...occurrenceEvents,
  ...jobEvents,
  ...outputEvents,
  ...catalogEvents,
  archiveContentRead,
];
