import { runDrill } from '../drill/run-drill.ts';
import { JobFailure } from '../../job/job-failure.ts';
import type { JobResult } from '../../job/job-result.ts';
import { restoreDatabase } from './restore-database.ts';
import { restoreFiles } from './restore-files.ts';
import type { JobContext } from '../../job/job-context.ts';

/** Puts something of an archive back, or proves that it could be. @throws JobFailure */
export const restoreItem = async (context: JobContext): Promise<JobResult> => {
  const { restore, drill } = context.plan.job;
  if (drill) return runDrill(context, drill);
  if (!restore) throw new JobFailure('This job does not say what to restore.', { status: 'error' });
  return restore.database ? restoreDatabase(context, restore) : restoreFiles(context, restore);
};
