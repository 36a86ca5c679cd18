import { execPlain, type BorgRunner } from '@cyborgbackup/borg';
import type { OutputKind } from '@cyborgbackup/contracts';
import { messageOf } from '@cyborgbackup/kernel';
import { JobFailure } from '../job/job-failure.ts';
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

/** Undefined when the command ended well, else what went wrong. */
const runHook = async (context: JobContext, client: BorgRunner, hook: Hook): Promise<string | undefined> => {
  const { output, idleTimeoutMillis } = context;
  const environment = Object.entries({ ...facts(context), ...hook.more }).map(([name, value]) => `${name}=${value}`);
  output.write('verbose', `${hook.name}: ${hook.command}`);
  const { exitCode, stdout, stderr } = await execPlain(client, ['env', ...environment, 'sh', '-c', hook.command], {
    signal: hook.signal,
    timeoutMillis: idleTimeoutMillis,
    mayBeCut: true,
  });
  const said: readonly [OutputKind, string][] = [
    ['verbose', stdout],
    [exitCode === 0 ? 'verbose' : 'warning', stderr],
  ];
  for (const [kind, text] of said) if (text.trim() !== '') output.write(kind, text);
  return exitCode === 0
    ? undefined
    : `The ${hook.name.toLowerCase()} on ${client.where} ended with status ${exitCode}.`;
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
  const problem = await runHook(context, client, hook).catch(
    (error: unknown) => `The posthook could not be run: ${messageOf(error)}`,
  );
  if (problem === undefined) return [];
  context.output.write('warning', problem);
  return [problem];
};

/**
 * Runs the policy's posthook on the client, if it has one, after the work, however that went: unless another executor goes on
 * with the job, whose attempt will end with the posthook. It cannot change the outcome, only add a warning.
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
