import { JobFailure } from '../../../job/job-failure.ts';
import type { DumpSource } from './backup-source.ts';
import type { SourceRequest } from './source-request.ts';
import { vmProviderOf } from '../../machines/vm-providers.ts';

/** @throws JobFailure for a job that is not about a machine, and for an unknown provider */
export const machineDump = ({ policyType, vmProvider, machine, client }: SourceRequest): DumpSource => {
  const provider = vmProviderOf(policyType, vmProvider);
  if (!machine) {
    throw new JobFailure(`This job names no machine of ${client.hostname}: launch the policy again.`, {
      status: 'error',
    });
  }
  return { kind: 'dump', name: provider.fileName(machine), argv: provider.dump(machine) };
};
