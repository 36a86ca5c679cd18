import {
  createCommand,
  explainFailure,
  execPlain,
  infoCommand,
  type ArchiveProgress,
  type Progress,
} from '@cyborgbackup/borg';
import { humanBytes, type Sealed } from '@cyborgbackup/kernel';
import { onClient, type BorgPlace } from '../connect/connections.ts';
import { JobFailure } from '../job/job-failure.ts';
import { archiveOf, clientOf, policyOf, repositoryOf } from '../job/job-plan.ts';
import type { JobResult } from '../job/job-result.ts';
import { resultOfCreate, resultOfInfo } from './archive-facts.ts';
import { fileSource, type FileSource } from './backup-source.ts';
import { connectionsOf, type JobContext } from './job-context.ts';

import { failureOf, LOCK_WAIT_SECONDS, runStep, tryStep, warningsOf } from './run-step.ts';

const variablesOf = async ({ parts, plan }: JobContext): Promise<string> => {
  const sealed: Sealed | null = plan.run.extra_vars;
  if (sealed === null || typeof sealed === 'string') return sealed ?? '';
  const text = await parts.keys.open(sealed);
  if (text === undefined) throw new JobFailure('The variables of this policy were erased.', { status: 'error' });
  return text;
};

/** Folders that were named but are not there are a mistake to report, not a warning to overlook. */
const checkFolders = async (context: JobContext, place: BorgPlace, source: FileSource): Promise<void> => {
  const script = 'for path do [ -e "$path" ] || [ -L "$path" ] || printf "%s\\n" "$path"; done';
  const { stdout } = await execPlain(place.runner, ['sh', '-c', script, 'sh', ...source.paths], {
    signal: context.signal,
  });
  const missing = stdout.split('\n').filter((line) => line !== '');
  if (missing.length === 0) return;
  const { hostname } = clientOf(context.plan);
  throw new JobFailure(
    `${missing.join(', ')} ${missing.length === 1 ? 'does' : 'do'} not exist on ${hostname}: correct the policy's folders or create them.`,
  );
};

/** Figures for people and programs, from borg's own progress. */
const progressReporter = ({ output }: JobContext): ((progress: Progress) => void) => {
  const startedAt = Date.now();
  const report = (progress: ArchiveProgress): void => {
    const seconds = Math.max(0.001, (Date.now() - startedAt) / 1000);
    const rate = progress.originalSize / seconds;
    const text = `${progress.files} files, ${humanBytes(progress.originalSize)} read, ${humanBytes(progress.deduplicatedSize)} new, ${humanBytes(rate)}/s`;
    output.progress(progress.path === '' ? text : `${text}  ${progress.path}`, {
      phase: 'backup',
      files: progress.files,
      original_size: progress.originalSize,
      compressed_size: progress.compressedSize,
      deduplicated_size: progress.deduplicatedSize,
      rate,
      path: progress.path,
    });
  };
  return (progress) => {
    if (progress.type === 'archive_progress' && !progress.finished) report(progress);
  };
};

/** The result of a lost attempt, when its archive is there: borg makes archives whole or not at all. */
const adopt = async (context: JobContext, place: BorgPlace, archive: string): Promise<JobResult | undefined> => {
  const found = await tryStep(context, place, {
    argv: infoCommand({ repository: place.repository, archive, lockWaitSeconds: LOCK_WAIT_SECONDS }),
    onLog: () => undefined,
  });
  if (found.outcome === 'success' || found.outcome === 'warning') return resultOfInfo(found.stdout);
  if (explainFailure(found).kind === 'no-archive') return undefined;
  throw failureOf(found, place.runner.where);
};

/** Push: borg runs on the client and writes to the repository host over SSH. */
export const backUp = async (context: JobContext): Promise<JobResult> => {
  const { plan, output } = context;
  const policy = policyOf(plan);
  if (policy.mode_pull) throw new JobFailure('Pull mode cannot be run by this version yet: turn mode_pull off.');
  const source = fileSource(policy.policy_type, await variablesOf(context));
  const client = clientOf(plan);
  const archive = archiveOf(plan);
  output.write('verbose', `Connecting to ${client.hostname}:${client.port}`);
  await using place = await onClient(connectionsOf(context), client, repositoryOf(plan));
  if (policy.policy_type === 'folders') await checkFolders(context, place, source);
  const adopted = context.attempt > 1 ? await adopt(context, place, archive) : undefined;
  if (adopted) return adopted;
  output.write('verbose', `Creating archive ${archive}`);
  const result = await runStep(context, place, {
    argv: createCommand({
      repository: place.repository,
      archive,
      source: { paths: source.paths },
      exclude: source.exclude,
      lockWaitSeconds: LOCK_WAIT_SECONDS,
    }),
    sources: source.paths,
    onProgress: progressReporter(context),
  });
  return resultOfCreate(result.stdout, warningsOf(result));
};
