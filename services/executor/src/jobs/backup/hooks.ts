import { isSshError, readScript, runCommand, type BorgRunner, type CommandOutput } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import { JOB_MARKER } from '../../endpoints/job-processes.ts';
import { policySecret } from '../../endpoints/secrets.ts';
import type { JobContext } from '../../job/job-context.ts';
import { isHandedOver, JobFailure, JobStopped, stopReasonOf } from '../../job/job-failure.ts';
import { archiveOf, clientOf, policyOf } from '../../job/job-plan.ts';
import type { JobResult } from '../../job/job-result.ts';

/** The backup's outcome, for a posthook. */
type HookStatus = 'successful' | 'warning' | 'failed' | 'canceled';

const environmentOf = ({ plan, attempt }: JobContext): Readonly<Record<string, string>> => ({
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
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * The shell is marked as the job's, so that a hook that hangs can be found and ended. The hook is a secret: it is neither an
 * argument nor in the environment. See docs/decisions/0028-hooks-are-secrets-and-jobs-are-given-theirs.md.
 */
const RUN_HOOK = readScript(new URL('./run-hook.sh', import.meta.url));

/** Undefined when it was silent for too long. */
const execHook = async (
  context: JobContext,
  client: BorgRunner,
  { variables, command, signal }: Hook,
): Promise<CommandOutput | undefined> => {
  const environment = { ...environmentOf(context), ...variables, [JOB_MARKER]: context.plan.job.uuid };
  const assignments = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  try {
    return await runCommand(client, ['env', ...assignments, 'sh', '-c', RUN_HOOK, 'sh', JOB_MARKER], {
      signal,
      input: command,
      idleTimeoutMillis: context.idleTimeoutMillis,
      mayBeCut: true,
    });
  } catch (error) {
    if (isSshError(error, 'timeout')) return undefined;
    throw error;
  }
};

/** Undefined when the command ended well, else what went wrong. @throws JobStopped when another attempt has the job */
const runHook = async (context: JobContext, client: BorgRunner, hook: Hook): Promise<string | undefined> => {
  const { output } = context;
  const which = `The ${hook.name.toLowerCase()} on ${client.where}`;
  await context.assertOwnership(hook.signal);
  output.hide(hook.command);
  output.write('verbose', `${hook.name} on ${client.where}`);
  const result = await execHook(context, client, hook);
  if (!result) return `${which} said nothing for longer than idle_timeout allows and was stopped.`;
  const { exitCode, stdout, stderr } = result;
  if (stdout.trim() !== '') output.write('verbose', stdout);
  if (stderr.trim() !== '') output.write(exitCode === 0 ? 'verbose' : 'warning', stderr);
  return exitCode === 0 ? undefined : `${which} ended with status ${exitCode}.`;
};

/** Runs the policy's prehook on the client, if it has one. @throws JobFailure when that fails */
export const runPrehook = async (context: JobContext, client: BorgRunner): Promise<void> => {
  const command = await policySecret(context.deps, 'prehook');
  if (command === '') return;
  const problem = await runHook(context, client, { name: 'Prehook', command, variables: {}, signal: context.signal });
  if (problem !== undefined) throw new JobFailure(`${problem} Nothing was backed up.`);
};

/** After a cancellation, too, a posthook gets some time. */
const POSTHOOK_SPARE_MILLIS = 60_000;

/** @returns warnings */
const runPosthook = async (context: JobContext, client: BorgRunner, status: HookStatus): Promise<readonly string[]> => {
  if (isHandedOver(context.signal)) return [];
  const command = await policySecret(context.deps, 'posthook');
  if (command === '') return [];
  const signal = context.signal.aborted ? AbortSignal.timeout(POSTHOOK_SPARE_MILLIS) : context.signal;
  const hook: Hook = { name: 'Posthook', command, variables: { CYBORGBACKUP_STATUS: status }, signal };
  const problem = await runHook(context, client, hook).catch((error: unknown) =>
    error instanceof JobStopped ? undefined : `The posthook could not be run: ${messageOf(error)}`,
  );
  if (problem === undefined) return [];
  context.output.write('warning', problem);
  return [problem];
};

/**
 * Runs the policy's posthook on the client, if it has one, after the work, whatever its outcome. It does not run when another
 * executor goes on with the job, or may do so: that attempt ends with the posthook. It cannot change the outcome, only add a
 * warning.
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
