import { execPlain, extractCommand, type Progress } from '@cyborgbackup/borg';
import { onClient, type BorgPlace } from '../connect/connections.ts';
import { JobFailure } from '../job/job-failure.ts';
import { archiveOf, clientOf, repositoryOf } from '../job/job-plan.ts';
import { NOTHING_TO_TELL, type JobResult } from '../job/job-result.ts';
import { connectionsOf, type JobContext } from './job-context.ts';
import { LOCK_WAIT_SECONDS, runStep, warningsOf } from './run-step.ts';

const makeFolder = async ({ signal, plan }: JobContext, place: BorgPlace, folder: string): Promise<void> => {
  const { exitCode, stderr } = await execPlain(place.runner, ['mkdir', '-p', '--', folder], { signal });
  if (exitCode === 0) return;
  throw new JobFailure(`The folder ${folder} cannot be made on ${clientOf(plan).hostname}: ${stderr.trim()}`);
};

/** Extracts below the destination folder, with the paths as the archive has them; borg runs on the destination. */
export const restoreItem = async (context: JobContext): Promise<JobResult> => {
  const { plan, output } = context;
  const { restore } = plan.job;
  if (!restore) throw new JobFailure('This job does not say what to restore.', { status: 'error' });
  const archive = archiveOf(plan);
  const client = clientOf(plan);
  output.write('verbose', `Connecting to ${client.hostname}:${client.port}`);
  await using place = await onClient(connectionsOf(context), client, repositoryOf(plan));
  if (!restore.dry_run) await makeFolder(context, place, restore.dest_folder);
  output.write('verbose', `Restoring ${restore.item || 'everything'} of ${archive} to ${restore.dest_folder}`);
  const result = await runStep(context, place, {
    argv: extractCommand({
      repository: place.repository,
      archive,
      paths: restore.item === '' ? undefined : [restore.item],
      dryRun: restore.dry_run,
      list: true,
      lockWaitSeconds: LOCK_WAIT_SECONDS,
    }),
    directory: restore.dry_run ? undefined : restore.dest_folder,
    onProgress: (progress: Progress) => {
      if (progress.type === 'progress_percent' && progress.total > 0) {
        output.progress(`${Math.floor((100 * progress.current) / progress.total)} % restored  ${progress.message}`, {
          phase: 'restore',
          files: 0,
          original_size: progress.current,
          compressed_size: 0,
          deduplicated_size: 0,
          rate: 0,
          path: '',
        });
      }
    },
  });
  return { ...NOTHING_TO_TELL, warnings: warningsOf(result) };
};
