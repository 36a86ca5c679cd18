import {
  apiTokenEvents,
  archiveContentRead,
  catalogEvents,
  clientEvents,
  grantEvents,
  hostKeyEvents,
  hostKeyPinned,
  jobAttemptLost,
  jobCanceled,
  jobCancelRequested,
  jobFailed,
  jobPauseEnded,
  jobStarted,
  jobSucceeded,
  logInEvents,
  occurrenceEvents,
  outputEvents,
  passwordResetEvents,
  policyEvents,
  repositoryEvents,
  runEvents,
  scheduleEvents,
  secretReadEvents,
  sessionEvents,
  settingsEvents,
  superuserEvents,
  userEvents,
} from '@cyborgbackup/contracts';
import { claimEvents, type LogAccess } from '@cyborgbackup/event-store';
import type { EventDefinition } from '@cyborgbackup/kernel';

/** Every process that holds the master key tries it on this one before it does anything else. */
export const KEY_CHECK_SUBJECT = 'master-key-check';

const typesOf = (...definitions: readonly Pick<EventDefinition, 'type'>[]): readonly string[] =>
  definitions.map(({ type }) => type);

/**
 * What each service may append, and whose keys it may read and make: PostgreSQL holds it, by the service's role. Names are as in
 * docs/architecture.md, "Who owns which stream"; `log-access.unit.test.ts` compares both.
 *
 * The executor and the catalog make no secrets and open none, so they have neither keys nor the master key: what a job needs, the
 * inventory gives its executor. The addresses from which users make requests are recorded by whoever acts for them.
 */
export const LOG_ACCESS: readonly LogAccess[] = [
  {
    service: 'gateway',
    streams: [],
    userStreams: [],
    types: [],
    subjects: ['user-<uuid>', 'repository-<uuid>', 'policy-<uuid>', 'gateway-answers', KEY_CHECK_SUBJECT],
  },
  {
    service: 'inventory',
    streams: [],
    userStreams: [
      ...['user-<uuid>', 'client-<uuid>', 'repository-<uuid>', 'schedule-<uuid>', 'policy-<uuid>'],
      ...['settings', 'superusers', 'host-key-<host>:<port>', 'session-<uuid>'],
      ...['api-token-<uuid>', 'api-token-uses-<uuid>', 'repository-key-reads-<uuid>'],
      ...['session-failures-<uuid>', 'session-failures-unknown', 'user-password-resets-<uuid>'],
      ...['claim-email-<hash>', 'claim-client-address-<hash>'],
      ...['archive-reads-<uuid>', 'secret-reads'],
    ],
    types: typesOf(
      ...[...userEvents, ...superuserEvents, ...clientEvents, ...repositoryEvents, ...scheduleEvents, ...policyEvents],
      ...[...settingsEvents, ...hostKeyEvents, ...sessionEvents, ...logInEvents, ...passwordResetEvents],
      ...[...apiTokenEvents, ...secretReadEvents, archiveContentRead, ...claimEvents],
    ),
    subjects: [
      ...['user-<uuid>', 'repository-<uuid>', 'policy-<uuid>', 'run-<uuid>', 'settings'],
      ...['address-user-<uuid>', 'anonymous', KEY_CHECK_SUBJECT],
    ],
  },
  {
    service: 'scheduler',
    streams: ['job-grants'],
    userStreams: ['run-<uuid>', 'job-<uuid>', 'claim-run-<hash>', 'claim-archive-<hash>'],
    types: typesOf(
      ...[...runEvents, ...grantEvents, ...occurrenceEvents, ...claimEvents],
      ...[jobPauseEnded, jobCancelRequested, jobCanceled, jobFailed],
    ),
    subjects: ['policy-<uuid>', 'run-<uuid>', 'address-user-<uuid>', KEY_CHECK_SUBJECT],
  },
  {
    service: 'executor',
    streams: ['job-<uuid>', 'job-output-<uuid>'],
    userStreams: ['host-key-<host>:<port>'],
    types: typesOf(
      ...[jobStarted, jobAttemptLost, jobSucceeded, jobFailed, jobCanceled],
      ...[...outputEvents, hostKeyPinned],
    ),
    subjects: [],
  },
  {
    service: 'catalog',
    streams: ['catalog-series-<uuid>', 'catalog-listing-<uuid>', 'catalog-<uuid>', 'catalog-repository-<uuid>'],
    userStreams: [],
    types: typesOf(...catalogEvents),
    subjects: [],
  },
];

/** Whether the service makes or opens secrets, so that it needs the master key. */
export const holdsMasterKey = (service: string): boolean =>
  LOG_ACCESS.every((access) => access.service !== service || access.subjects.length > 0);
