import type { PlannedJob, VirtualMachine } from '@cyborgbackup/contracts';

/** What decides what a job backs up. */
export interface SourceRequest {
  readonly policyType: string;
  /** JSON text of the policy's `extra_vars`. */
  readonly variables: string;
  readonly client: Pick<NonNullable<PlannedJob['client']>, 'id' | 'hostname' | 'bandwidth_limit'>;
  /** Name of the provider, for policies of the type vm. */
  readonly vmProvider: string;
  readonly machine: VirtualMachine | undefined;
}
