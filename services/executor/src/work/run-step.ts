import {
  explainFailure,
  infoCommand,
  type BorgResult,
  type BorgFailureKind,
  type BorgLogMessage,
} from '@cyborgbackup/borg';
import type { OutputKind } from '@cyborgbackup/contracts';
import { messageOf } from '@cyborgbackup/kernel';
import type { BorgPlace } from '../connect/borg-place.ts';
import { onRepositoryHost } from '../connect/connections.ts';
import { runAt, type PlaceRun } from '../connect/run-at.ts';
import { JobFailure, JobStopped } from '../job/job-failure.ts';
import { repositoryOf } from '../job/job-plan.ts';
import { isHandedOver } from '../job/stop-reason.ts';
import { withStaleLock } from '../locks/with-stale-lock.ts';
import { endLeftovers } from '../takeover/end-leftovers.ts';
import { connectionsOf, type JobContext } from './job-context.ts';

/** Another borg of ours may be about to end, and a dead one's lock about to be found stale. Seconds. */
export const LOCK_WAIT_SECONDS = 60;

const KINDS: Readonly<Record<BorgLogMessage['level'], OutputKind>> = {
  debug: 'debug',
  info: 'verbose',
  warning: 'warning',
  error: 'error',
  critical: 'error',
};

const MAX_WARNINGS = 100;
/** Shorter than what is kept of borg's messages: a secret that the cut there left half of is beyond it. */
const MAX_WARNING_LENGTH = 4_000;

export type StepOptions = Omit<PlaceRun, 'signal'>;

/** That borg names the repository by another path here than elsewhere is how we work, and no news to anybody. */
const EXPECTED = new Set(['BORG_RELOCATED_REPO_ACCESS_IS_OK', 'BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK']);

/** Places, each opened for one attempt, at which nothing of an earlier one runs any more. */
const cleared = new WeakSet<BorgPlace>();

/**
 * Another attempt's borg would be in the way, and might write what this one then does not expect. Done before the first step
 * at a place, when this attempt itself has nothing running there.
 */
const endEarlierAttempts = async (context: JobContext, place: BorgPlace): Promise<void> => {
  if (context.attempt === 1 || cleared.has(place)) return;
  const { signal, output, plan } = context;
  await context.prove(signal);
  const ended = await endLeftovers(place.runner, plan.job.uuid, { signal });
  if (ended > 0) output.write('system_warning', `Ended ${ended} processes of an earlier attempt.`);
  cleared.add(place);
};

const RELEASE_MILLIS = 30_000;

/**
 * A borg that had to be killed leaves the repository's lock; the next one on the same host sees that it is gone, and removes
 * it. Where another attempt follows, that one does so. By a connection of its own, since a job's own may be what broke.
 */
const releaseLock = async (context: JobContext, { exitCode }: BorgResult): Promise<void> => {
  const wasKilled = exitCode === null || exitCode === KILLED;
  if (!wasKilled || isHandedOver(context.signal)) return;
  const signal = AbortSignal.timeout(RELEASE_MILLIS);
  try {
    await using place = await onRepositoryHost({ ...connectionsOf(context), signal }, repositoryOf(context.plan));
    await runAt(place, { argv: infoCommand({ repository: place.repository, lockWaitSeconds: 10 }), signal });
  } catch (error) {
    context.output.write('system_warning', `The repository may still be locked: ${messageOf(error)}`);
  }
};

/** 128 and the number of KILL. */
const KILLED = 137;

/** Before anything is quoted of it in part: half a secret would not be found any more. */
const withoutSecrets = ({ output }: JobContext, result: BorgResult): BorgResult => ({
  ...result,
  messages: result.messages.map((message) => ({ ...message, message: output.clean(message.message) })),
});

/**
 * Runs borg at a place with everything it says going to the job's output. Does not judge the outcome.
 * @throws JobStopped when the job is to end, or is not this attempt's any more
 */
export const tryStep = async (context: JobContext, place: BorgPlace, options: StepOptions): Promise<BorgResult> => {
  context.output.hide(place.passphrase);
  await endEarlierAttempts(context, place);
  const step = async (): Promise<BorgResult> => {
    await context.prove(context.signal);
    return runAt(place, {
      idleTimeoutMillis: context.idleTimeoutMillis,
      onPid: (pid) => context.announce(place.host, pid),
      onLog: (message) => {
        if (!EXPECTED.has(message.msgid)) context.output.write(KINDS[message.level], message.message);
      },
      ...options,
      signal: context.signal,
    });
  };
  const lock = { connections: connectionsOf(context), repository: repositoryOf(context.plan), place };
  const result = withoutSecrets(context, await withStaleLock(lock, step));
  if (result.outcome !== 'aborted') return result;
  await releaseLock(context, result);
  throw new JobStopped('The job was stopped.');
};

/** Borg itself could not reach the repository's host, or in pull mode the client, or lost it. */
const TRANSPORT = new Set<BorgFailureKind>(['repository-unreachable', 'client-unreachable']);

const asWarnings = (messages: readonly BorgLogMessage[]): readonly string[] =>
  messages
    .filter(({ msgid }) => !EXPECTED.has(msgid))
    .slice(0, MAX_WARNINGS)
    .map(({ message }) => message.slice(0, MAX_WARNING_LENGTH));

/** What borg warned of before it failed. */
const warningsBefore = ({ messages }: BorgResult): readonly string[] =>
  asWarnings(messages.filter(({ level }) => level === 'warning'));

/** The sentence for a borg command that did not succeed. */
export const failureOf = (result: BorgResult, where: string): JobFailure => {
  const warnings = warningsBefore(result);
  if (result.outcome === 'idle') {
    return new JobFailure(
      `Borg on ${where} said nothing for longer than idle_timeout allows and was stopped. Does a file system or a dump hang there?`,
      { warnings },
    );
  }
  const { kind, message } = explainFailure(result);
  return new JobFailure(message, {
    exitCode: result.exitCode,
    warnings,
    transport: TRANSPORT.has(kind),
  });
};

/** Borg ended with success or with warnings. */
export const isDone = ({ outcome }: BorgResult): boolean => outcome === 'success' || outcome === 'warning';

/** As `tryStep`. @throws JobFailure unless borg is done */
export const runStep = async (context: JobContext, place: BorgPlace, options: StepOptions): Promise<BorgResult> => {
  const result = await tryStep(context, place, options);
  if (isDone(result)) return result;
  throw failureOf(result, place.runner.where);
};

/** Borg's warnings as the job's result shows them. */
export const warningsOf = (result: BorgResult): readonly string[] =>
  result.outcome === 'warning' ? asWarnings(result.messages) : [];
