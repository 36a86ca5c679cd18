import { runCommand } from '@cyborgbackup/borg';
import { clientCommands } from '@cyborgbackup/contracts';
import { openJobClient } from '../../endpoints/client-session.ts';
import { callService } from '../../job/call-service.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { clientOf, policyOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, type JobResult } from '../../job/job-result.ts';
import { vmProviderOf } from './vm-providers.ts';

/** Prints the names of missing programs. */
const FIND_MISSING = 'for name do command -v "$name" >/dev/null || echo "$name"; done';

/** Checks whether a client is a hypervisor that the policy's provider can work with, and reports it to the inventory. */
export const checkHypervisor = async (context: JobContext): Promise<JobResult> => {
  const { deps, plan, output, signal } = context;
  const { uuid, hostname } = clientOf(plan);
  const provider = vmProviderOf(policyOf(plan));
  await using session = await openJobClient(context);
  const { runner } = session;
  const { stdout } = await runCommand(runner, ['sh', '-c', FIND_MISSING, 'sh', ...provider.tools], { signal });
  const missing = stdout.split('\n').filter((name) => name !== '');
  if (missing.length > 0) {
    throw new JobFailure(`${missing.join(', ')} cannot be found on ${hostname}, which ${provider.name} needs there.`);
  }
  const probed = await runCommand(runner, provider.probe, { signal });
  if (probed.exitCode !== 0) {
    throw new JobFailure(`${provider.name} on ${hostname} cannot be used: ${probed.stderr.trim().slice(0, 500)}`);
  }
  const name = probed.stdout.trim().split('\n')[0]?.slice(0, 1_024) ?? provider.name;
  output.write('verbose', `Found ${name}`);
  const report = { uuid, hypervisor_ready: true, hypervisor_name: name };
  await callService(deps, clientCommands.recordHypervisorPreparation, report);
  return EMPTY_RESULT;
};
