import { runCommand } from '@cyborgbackup/borg';
import { clientCommands } from '@cyborgbackup/contracts';
import { openClient } from '../connect/client-side.ts';
import { JobFailure } from '../job/job-failure.ts';
import { clientOf, policyOf } from '../job/job-plan.ts';
import { NOTHING_TO_TELL, type JobResult } from '../job/job-result.ts';
import { vmProviderOf } from '../sources/vm/vm-providers.ts';
import { connectionsOf, type JobContext } from './job-context.ts';

/** Prints the names of programs that are not there. */
const MISSING = 'for name do command -v "$name" >/dev/null || echo "$name"; done';

/** Looks whether a client is a hypervisor that the policy's provider can work with, and says so to the inventory. */
export const checkHypervisor = async (context: JobContext): Promise<JobResult> => {
  const { parts, plan, output, signal } = context;
  const { uuid, hostname, port } = clientOf(plan);
  const policy = policyOf(plan);
  const provider = vmProviderOf(policy.policy_type, policy.vmprovider);
  output.write('verbose', `Connecting to ${hostname}:${port}`);
  const { runner, session } = await openClient(connectionsOf(context), { hostname, port });
  try {
    const { stdout } = await runCommand(runner, ['sh', '-c', MISSING, 'sh', ...provider.tools], { signal });
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
    const { recordHypervisorPreparation: hypervisorPrepared } = clientCommands;
    const report = { uuid, hypervisor_ready: true, hypervisor_name: name };
    await parts.rpc.call(hypervisorPrepared.subject, report, { schema: hypervisorPrepared.output });
    return NOTHING_TO_TELL;
  } finally {
    await session.close();
  }
};
