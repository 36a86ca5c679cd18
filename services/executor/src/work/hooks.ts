import { runCommand, isSshError, type BorgRunner, type CommandOutput } from '@cyborgbackup/borg';
import type { OutputKind } from '@cyborgbackup/contracts';
import { messageOf } from '@cyborgbackup/kernel';
import { JOB_MARKER } from '../connect/place-env.ts';
import { JobFailure, JobStopped } from '../job/job-failure.ts';
import { archiveOf, clientOf, policyOf } from '../job/job-plan.ts';
import type { JobResult } from '../job/job-result.ts';
import { isHandedOver, stopReasonOf } from '../job/stop-reason.ts';
import type { JobContext } from './job-context.ts';

/** How the backup went, for a posthook. */
type HookStatus = 'successful' | 'warning' | 'failed' | 'canceled';

const facts = ({ plan, attempt }: JobContext): Readonly<Record<string, string>> => ({
  CYBORGBACKUP_JOB: plan.job.uuid,
  CYBORGBACKUP_JOB_ID: String(plan.job.id),
  CYBORGBACKUP_ATTEMPT: String(attempt),
  CYBORGBACKUP_ARCHIVE: archiveOf(plan),
  CYBORGBACKUP_POLICY: policyOf(plan).name,
  CYBORGBACKUP_CLIENT: clientOf(plan).hostname,
  CYBORGBACKUP_MACHINE: plan.job.machine?.id ?? '',
});

interface Hook {
  readonly name: 'Prehook' | 'Posthook';
  readonly command: string;
  readonly more: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * The shell is known as the job's, so that a hook which hangs can be found and ended. What it starts is not: a hook may start
 * something that is to stay. A process keeps the environment that it was started with, so the shell itself has to stay.
 */
const SHELL = `unset ${JOB_MARKER}; eval "$1"; exit`;

/** Undefined when it was silent for too long. */
const execHook = async (
  context: JobContext,
  client: BorgRunner,
  { more, command, signal }: Hook,
): Promise<CommandOutput | undefined> => {
  const environment = { ...facts(context), ...more, [JOB_MARKER]: context.plan.job.uuid };
  const assignments = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  try {
    return await runCommand(client, ['env', ...assignments, 'sh', '-c', SHELL, 'sh', command], {
      signal,
      idleTimeoutMillis: context.idleTimeoutMillis,
      mayBeCut: true,
    });
  } catch (error) {
    if (isSshError(error) && error.kind === 'timeout') return undefined;
    throw error;
  }
};

/** Undefined when the command ended well, else what went wrong. @throws JobStopped when the job is not ours to run it for */
const runHook = async (context: JobContext, client: BorgRunner, hook: Hook): Promise<string | undefined> => {
  const { output } = context;
  const which = `The ${hook.name.toLowerCase()} on ${client.where}`;
  await context.prove(hook.signal);
  output.write('verbose', `${hook.name}: ${hook.command}`);
  const result = await execHook(context, client, hook);
  if (!result) return `${which} said nothing for longer than idle_timeout allows and was stopped.`;
  const { exitCode, stdout, stderr } = result;
  const said: readonly [OutputKind, string][] = [
    ['verbose', stdout],
    [exitCode === 0 ? 'verbose' : 'warning', stderr],
  ];
  for (const [kind, text] of said) if (text.trim() !== '') output.write(kind, text);
  return exitCode === 0 ? undefined : `${which} ended with status ${exitCode}.`;
};

/** Runs the policy's prehook on the client, if it has one. @throws JobFailure when that fails */
export const runPrehook = async (context: JobContext, client: BorgRunner): Promise<void> => {
  const command = policyOf(context.plan).prehook;
  if (command === '') return;
  const problem = await runHook(context, client, { name: 'Prehook', command, more: {}, signal: context.signal });
  if (problem !== undefined) throw new JobFailure(`${problem} Nothing was backed up.`);
};

/** After a cancellation too it gets a while. */
const POSTHOOK_SPARE_MILLIS = 60_000;

/** @returns warnings */
const runPosthook = async (context: JobContext, client: BorgRunner, status: HookStatus): Promise<readonly string[]> => {
  const command = policyOf(context.plan).posthook;
  if (command === '' || isHandedOver(context.signal)) return [];
  const signal = context.signal.aborted ? AbortSignal.timeout(POSTHOOK_SPARE_MILLIS) : context.signal;
  const hook: Hook = { name: 'Posthook', command, more: { CYBORGBACKUP_STATUS: status }, signal };
  const problem = await runHook(context, client, hook).catch((error: unknown) =>
    error instanceof JobStopped ? undefined : `The posthook could not be run: ${messageOf(error)}`,
  );
  if (problem === undefined) return [];
  context.output.write('warning', problem);
  return [problem];
};

/**
 * Runs the policy's posthook on the client, if it has one, after the work, however that went: unless another executor goes on
 * with the job, or may do so, whose attempt will end with the posthook. It cannot change the outcome, only add a warning.
 */
export const withPosthook = async (
  context: JobContext,
  client: BorgRunner,
  work: () => Promise<JobResult>,
): Promise<JobResult> => {
  try {
    const result = await work();
    const warnings = await runPosthook(context, client, result.warnings.length > 0 ? 'warning' : 'successful');
    return { ...result, warnings: [...result.warnings, ...warnings] };
  } catch (error) {
    const isCanceled = stopReasonOf(context.signal) === 'canceled';
    const warnings = await runPosthook(context, client, isCanceled ? 'canceled' : 'failed');
    if (!(error instanceof JobFailure) || warnings.length === 0) throw error;
    const facts = { ...error.facts, warnings: [...(error.facts.warnings ?? []), ...warnings] };
    throw new JobFailure(error.message, facts);
  }
};
