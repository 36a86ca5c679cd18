import { SERVICE_NAMES, type ServiceName } from '@cyborgbackup/kernel';
import {
  apiTokenCommands,
  archiveContent,
  CANCEL_SIGNAL,
  catalogCommands,
  clientCommands,
  HOLDER_SUBJECT,
  hostKeyCommands,
  policyCommands,
  REPOSITORY_SIGNAL,
  repositoryCommands,
  scheduleCommands,
  schedulerCommands,
  secretCommands,
  sessionCommands,
  settingsCommands,
  userCommands,
  type RpcContract,
} from '@cyborgbackup/contracts';
import { JOB_CONSUMER, JOB_STREAM, JOB_SUBJECT, DEAD_STREAM, DEAD_SUBJECT } from '../jobs/job-subjects.ts';
import { APPEND_SUBJECT } from '../signals/append-notifications.ts';
import { inboxPrefix, streamPrefix } from '../connection/inboxes.ts';

/**
 * What one user of the NATS server may do. Nothing else is allowed: no service has a wildcard but for its own inbox, and those of
 * the services that call it. NATS could also let a user answer whatever message it gets (`allow_responses`). But a message to
 * itself, on a subject that it may publish and hear, then gives it the right to publish where that message wants its answer: anywhere.
 */
export interface NatsAccess {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const subjectsOf = (...contracts: readonly RpcContract[]): readonly string[] =>
  contracts.flatMap((contract) => Object.values(contract).map(({ subject }) => subject));

const inventoryCalls = subjectsOf(
  apiTokenCommands,
  clientCommands,
  hostKeyCommands,
  policyCommands,
  repositoryCommands,
  scheduleCommands,
  secretCommands,
  sessionCommands,
  settingsCommands,
  userCommands,
);
const schedulerCalls = subjectsOf(schedulerCommands);
const catalogCalls = subjectsOf(catalogCommands);

/** What jobs report, and nobody else. */
const jobReports = [
  clientCommands.recordPreparation,
  clientCommands.recordHypervisorPreparation,
  repositoryCommands.recordPreparation,
  repositoryCommands.escrowKey,
].map(({ subject }) => subject);

/** What executors are given, and nobody else. */
const secretReads = [secretCommands.readForJob, secretCommands.readForContent].map(({ subject }) => subject);

/** What runs are planned from. */
const planning = [policyCommands.resolve, repositoryCommands.resolve].map(({ subject }) => subject);

const servicesOnly = [...jobReports, ...secretReads, ...planning];
const userCalls = inventoryCalls.filter((subject) => !servicesOnly.includes(subject));

/** By service, beside its own inbox. */
const ACCESS: Readonly<Record<ServiceName, NatsAccess>> = {
  gateway: {
    publish: [...userCalls, ...schedulerCalls, archiveContent.subject, `${streamPrefix('executor')}.>`],
    subscribe: [APPEND_SUBJECT, `${streamPrefix('gateway')}.>`],
  },
  inventory: { publish: [APPEND_SUBJECT], subscribe: [...inventoryCalls, APPEND_SUBJECT] },
  scheduler: {
    publish: [
      ...planning,
      APPEND_SUBJECT,
      CANCEL_SIGNAL,
      HOLDER_SUBJECT,
      JOB_SUBJECT,
      `$JS.API.STREAM.MSG.GET.${JOB_STREAM}`,
    ],
    subscribe: [...schedulerCalls, APPEND_SUBJECT],
  },
  executor: {
    publish: [
      ...jobReports,
      ...secretReads,
      ...catalogCalls,
      APPEND_SUBJECT,
      HOLDER_SUBJECT,
      REPOSITORY_SIGNAL,
      DEAD_SUBJECT,
      `${streamPrefix('gateway')}.>`,
      `$JS.API.CONSUMER.INFO.${JOB_STREAM}.${JOB_CONSUMER}`,
      `$JS.API.CONSUMER.MSG.NEXT.${JOB_STREAM}.${JOB_CONSUMER}`,
      `$JS.ACK.${JOB_STREAM}.${JOB_CONSUMER}.>`,
    ],
    subscribe: [
      APPEND_SUBJECT,
      CANCEL_SIGNAL,
      HOLDER_SUBJECT,
      REPOSITORY_SIGNAL,
      archiveContent.subject,
      `${streamPrefix('executor')}.>`,
    ],
  },
  catalog: { publish: [APPEND_SUBJECT], subscribe: [...catalogCalls, APPEND_SUBJECT] },
};

/**
 * Making the streams of jobs. No service has this: whoever may change a stream may have it copy the messages of every subject,
 * so it belongs to a job that runs before the services and ends.
 */
const STREAM_OWNER: readonly string[] = [
  ...[JOB_STREAM, DEAD_STREAM].flatMap((stream) => [
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.STREAM.UPDATE.${stream}`,
  ]),
  `$JS.API.CONSUMER.CREATE.${JOB_STREAM}.${JOB_CONSUMER}`,
  `$JS.API.CONSUMER.DURABLE.CREATE.${JOB_STREAM}.${JOB_CONSUMER}`,
  `$JS.API.CONSUMER.INFO.${JOB_STREAM}.${JOB_CONSUMER}`,
];

const CALLERS = new Map<string, ServiceName[]>();
for (const name of SERVICE_NAMES) {
  for (const subject of ACCESS[name].publish) CALLERS.set(subject, [...(CALLERS.get(subject) ?? []), name]);
}

/** The services that may publish a subject. */
export const callersOf = (subject: string): readonly ServiceName[] => CALLERS.get(subject) ?? [];

/** Broadcasts, and a request that is answered by a stream of bytes. */
const UNANSWERED: readonly string[] = [APPEND_SUBJECT, CANCEL_SIGNAL, REPOSITORY_SIGNAL, archiveContent.subject];

const isAnswered = (subject: string): boolean => !subject.startsWith('_') && !UNANSWERED.includes(subject);

/** What one service may do at the NATS server. */
export const serviceAccess = (name: ServiceName): NatsAccess => {
  const callers = new Set(ACCESS[name].subscribe.filter(isAnswered).flatMap(callersOf));
  return {
    publish: [...ACCESS[name].publish, ...[...callers].map((caller) => `${inboxPrefix(caller)}.>`)],
    subscribe: [...ACCESS[name].subscribe, `${inboxPrefix(name)}.>`],
  };
};

/** What the job that makes the streams may do. */
export const prepareAccess: NatsAccess = {
  publish: STREAM_OWNER,
  subscribe: [`${inboxPrefix('prepare')}.>`],
};

/** What a process may do that is all services and makes its streams by itself. */
export const standaloneAccess = (): NatsAccess => {
  const services = SERVICE_NAMES.map(serviceAccess);
  const own = [`${inboxPrefix('standalone')}.>`, `${streamPrefix('standalone')}.>`];
  return {
    publish: [...new Set([...services.flatMap(({ publish }) => publish), ...STREAM_OWNER, ...own])],
    subscribe: [...new Set([...services.flatMap(({ subscribe }) => subscribe), ...own])],
  };
};
