import { runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';
import { clientOf } from '../job/job-plan.ts';
import type { FileSource } from '../sources/backup-source.ts';
import type { JobContext } from './job-context.ts';

const SCRIPT = 'for path do [ -e "$path" ] || [ -L "$path" ] || printf "%s\\n" "$path"; done';

/** As many as a policy may name, and as long. */
const MAX_BYTES = 4 * 1024 * 1024;

/** What is there of a source's paths. Missing ones are a mistake to report: borg would only warn of them. */
export interface FoundPaths {
  readonly paths: readonly string[];
  readonly warnings: readonly string[];
}

/** @throws JobFailure when more is missing than the source can do without */
export const checkPaths = async (context: JobContext, client: BorgRunner, source: FileSource): Promise<FoundPaths> => {
  const { signal, plan, output } = context;
  const { stdout } = await runCommand(client, ['sh', '-c', SCRIPT, 'sh', ...source.paths], {
    signal,
    maxBytes: MAX_BYTES,
  });
  const missing = new Set(stdout.split('\n').filter((line) => line !== ''));
  if (missing.size === 0) return { paths: source.paths, warnings: [] };
  const { hostname } = clientOf(plan);
  const sentence = `${[...missing].join(', ')} ${missing.size === 1 ? 'does' : 'do'} not exist on ${hostname}`;
  const paths = source.paths.filter((path) => !missing.has(path));
  if (source.needs === 'all' || paths.length === 0) {
    throw new JobFailure(`${sentence}: correct the policy's folders or create them.`);
  }
  output.write('warning', `${sentence}.`);
  return { paths, warnings: [`${sentence}.`] };
};
