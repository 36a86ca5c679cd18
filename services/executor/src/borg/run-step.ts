import {
  explainFailure,
  infoCommand,
  isRemoteText,
  type BorgResult,
  type BorgFailureKind,
  type BorgLogMessage,
} from '@cyborgbackup/borg';
import type { OutputKind } from '@cyborgbackup/contracts';
import { messageOf } from '@cyborgbackup/kernel';
import type { BorgEndpoint } from '../endpoints/borg-endpoint.ts';
import { endLeftoverProcesses } from '../endpoints/job-processes.ts';
import { openRepositoryEndpoint } from '../endpoints/repository-endpoint.ts';
import type { JobContext } from '../job/job-context.ts';
import { isHandedOver, JobFailure, JobStopped } from '../job/job-failure.ts';
import { repositoryOf } from '../job/job-plan.ts';
import { withStaleLockRemoval } from './locks/with-stale-lock-removal.ts';
import { runBorgAt, type BorgRun } from './run-borg-at.ts';

/** Another borg of ours may be about to end, and borg itself may find the lock of a dead one stale. */
const LOCK_WAIT_SECONDS = 60;

/** The options that borg's commands have in common. */
export const commandOptions = ({
  repository,
}: Pick<BorgEndpoint, 'repository'>): { readonly repository: string; readonly lockWaitSeconds: number } => ({
  repository,
  lockWaitSeconds: LOCK_WAIT_SECONDS,
});

const KINDS: Readonly<Record<BorgLogMessage['level'], OutputKind>> = {
  debug: 'debug',
  info: 'verbose',
  warning: 'warning',
  error: 'error',
  critical: 'error',
};

/** What the repository's host says to everybody is no warning of borg. */
const kindOf = (message: BorgLogMessage): OutputKind => (isRemoteText(message) ? 'verbose' : KINDS[message.level]);

const MAX_WARNINGS = 100;
/** Shorter than what is kept of borg's messages: a secret that the cut there left half of is beyond it. */
const MAX_WARNING_LENGTH = 4_000;

export type StepOptions = Omit<BorgRun, 'signal'>;

/** Borg warns that the repository has another path than on other hosts. That is how we use it, so it is no output of the job. */
const EXPECTED = new Set(['BORG_RELOCATED_REPO_ACCESS_IS_OK', 'BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK']);

/** Endpoints, each opened for one attempt, at which no process of an earlier attempt runs any more. */
const cleared = new WeakSet<BorgEndpoint>();

/**
 * Another attempt's borg would hold the lock, and might write what this attempt then does not expect. Called before the first step
 * at an endpoint, when this attempt itself has no process there. The test in attempt/attempts.int.test.ts kills an executor
 * whose borg goes on.
 */
const endEarlierAttempts = async (context: JobContext, endpoint: BorgEndpoint): Promise<void> => {
  if (context.attempt === 1 || cleared.has(endpoint)) return;
  const { signal, output, plan } = context;
  await context.assertOwnership(signal);
  const ended = await endLeftoverProcesses(endpoint.runner, plan.job.uuid, { signal });
  if (ended > 0) output.write('system_warning', `Ended ${ended} processes of an earlier attempt.`);
  cleared.add(endpoint);
};

const RELEASE_MILLIS = 30_000;

/**
 * A borg that had to be killed leaves the repository's lock; the next borg of the job on the same host finds it stale and removes it.
 * If another attempt follows, that is its borg. Over a new connection, since the job's own may have broken.
 */
const releaseLock = async (context: JobContext, { exitCode }: BorgResult): Promise<void> => {
  const wasKilled = exitCode === null || exitCode === KILLED;
  if (!wasKilled || isHandedOver(context.signal)) return;
  const signal = AbortSignal.timeout(RELEASE_MILLIS);
  try {
    await using endpoint = await openRepositoryEndpoint({ ...context, signal }, repositoryOf(context.plan));
    await runBorgAt(endpoint, { argv: infoCommand({ repository: endpoint.repository, lockWaitSeconds: 10 }), signal });
  } catch (error) {
    context.output.write('system_warning', `The repository may still be locked: ${messageOf(error)}`);
  }
};

/** 128 and the number of KILL. */
const KILLED = 137;

/** Redacts before a message is quoted in part: half a secret would not be recognised any more. */
const withoutSecrets = ({ output }: JobContext, result: BorgResult): BorgResult => ({
  ...result,
  messages: result.messages.map((message) => ({ ...message, message: output.clean(message.message) })),
});

/**
 * Runs borg at an endpoint, with its messages going to the job's output. Returns whatever the outcome is.
 * @throws JobStopped when the job has to stop, or belongs to another attempt now
 */
export const tryBorgStep = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  options: StepOptions,
): Promise<BorgResult> => {
  context.output.hide(endpoint.passphrase);
  await endEarlierAttempts(context, endpoint);
  const step = async (): Promise<BorgResult> => {
    await context.assertOwnership(context.signal);
    return runBorgAt(endpoint, {
      idleTimeoutMillis: context.idleTimeoutMillis,
      onLog: (message) => {
        if (!EXPECTED.has(message.msgid)) context.output.write(kindOf(message), message.message);
      },
      ...options,
      signal: context.signal,
    });
  };
  const lock = { connections: context, repository: repositoryOf(context.plan), endpoint };
  const result = withoutSecrets(context, await withStaleLockRemoval(lock, step));
  if (result.outcome !== 'aborted') return result;
  await releaseLock(context, result);
  throw new JobStopped();
};

/** Borg could not reach the repository's host, or in pull mode the client, or lost the connection. */
const TRANSPORT = new Set<BorgFailureKind>(['repository-unreachable', 'client-unreachable']);

const asWarnings = (messages: readonly BorgLogMessage[]): readonly string[] =>
  messages
    .filter((message) => !EXPECTED.has(message.msgid) && !isRemoteText(message))
    .slice(0, MAX_WARNINGS)
    .map(({ message }) => message.slice(0, MAX_WARNING_LENGTH));

/** The failure for a borg command that did not succeed. */
export const failureOf = (result: BorgResult, where: string): JobFailure => {
  const warnings = asWarnings(result.messages.filter(({ level }) => level === 'warning'));
  if (result.outcome === 'idle') {
    return new JobFailure(
      `Borg on ${where} said nothing for longer than idle_timeout allows and was stopped. Does a file system or a dump hang there?`,
      { warnings },
    );
  }
  const { kind, message } = explainFailure(result);
  return new JobFailure(message, {
    exit_code: result.exitCode,
    warnings,
    transport: TRANSPORT.has(kind),
  });
};

/** Borg ended with success or with warnings. */
export const isDone = ({ outcome }: BorgResult): boolean => outcome === 'success' || outcome === 'warning';

/** As `tryBorgStep`. @throws JobFailure unless borg is done */
export const runBorgStep = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  options: StepOptions,
): Promise<BorgResult> => {
  const result = await tryBorgStep(context, endpoint, options);
  if (isDone(result)) return result;
  throw failureOf(result, endpoint.runner.where);
};

/** Borg's warnings as the job's result shows them. */
export const warningsOf = (result: BorgResult): readonly string[] =>
  result.outcome === 'warning' ? asWarnings(result.messages) : [];
