import { JobFailure } from './job-failure.ts';
import type { JobContext } from './job-context.ts';

/** The JSON text of `extra_vars`, as the run carries it. @throws JobFailure when it was erased */
export const openVariables = async ({ parts, plan }: JobContext): Promise<string> => {
  const sealed = plan.run.extra_vars;
  if (sealed === null || typeof sealed === 'string') return sealed ?? '';
  const text = await parts.keys.open(sealed);
  if (text === undefined) throw new JobFailure('The variables of this policy were erased.', { status: 'error' });
  return text;
};
