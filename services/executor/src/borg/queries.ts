import {
  createListParser,
  explainFailure,
  infoCommand,
  listArchivesCommand,
  listEntriesCommand,
  parseArchiveList,
  type ArchiveEntry,
  type BorgFailureKind,
  type BorgResult,
} from '@cyborgbackup/borg';
import type { BorgEndpoint } from '../endpoints/borg-endpoint.ts';
import type { JobContext } from '../job/job-context.ts';
import { commandOptions, failureOf, isDone, runBorgStep, tryBorgStep, type StepOptions } from './run-step.ts';

/** For steps whose messages are no output of the job. */
export const QUIET: Pick<StepOptions, 'onLog'> = { onLog: () => undefined };

/**
 * What `borg info` prints of the repository or an archive.
 * @returns undefined when borg fails in the way that is named
 * @throws JobFailure
 */
export const readInfo = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  absent: BorgFailureKind,
  archive?: string,
): Promise<string | undefined> => {
  const argv = infoCommand({ ...commandOptions(endpoint), archive });
  const result = await tryBorgStep(context, endpoint, { argv, ...QUIET });
  if (isDone(result)) return result.stdout;
  if (explainFailure(result).kind === absent) return undefined;
  throw failureOf(result, endpoint.runner.where);
};

/** The archives whose names begin with the prefix, unfinished ones too. @throws JobFailure */
export const listArchives = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  prefix: string | undefined,
): Promise<ReturnType<typeof parseArchiveList>['archives']> => {
  const argv = listArchivesCommand({ ...commandOptions(endpoint), prefix, considerCheckpoints: true });
  const { stdout } = await runBorgStep(context, endpoint, { argv, ...QUIET });
  return parseArchiveList(stdout).archives;
};

/**
 * Visits entries of an archive one after the other, all of them by default; borg waits meanwhile. Each says whether it is safe.
 * @returns also the safe paths that came more than once, and how often
 * @throws JobFailure
 */
export const listEntries = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  selection: Omit<Parameters<typeof listEntriesCommand>[0], 'repository'>,
  visit: (entry: ArchiveEntry) => Promise<void>,
): Promise<{ readonly result: BorgResult; readonly repeated: ReadonlyMap<string, number> }> => {
  const parser = createListParser(selection);
  const result = await runBorgStep(context, endpoint, {
    argv: listEntriesCommand({ ...commandOptions(endpoint), ...selection }),
    onStdout: async (chunk) => {
      for (const entry of parser.push(chunk)) await visit(entry);
    },
  });
  parser.end();
  return { result, repeated: parser.repeated };
};
