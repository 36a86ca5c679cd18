import { extractCommand, type BorgResult, type BorgProgress } from '@cyborgbackup/borg';
import { humanBytes } from '@cyborgbackup/kernel';
import { archiveOf } from '../job/job-plan.ts';
import type { JobContext } from '../work/job-context.ts';
import { LOCK_WAIT_SECONDS, runStep, type StepOptions } from '../work/run-step.ts';
import type { RestorePlace } from './restore-place.ts';
import type { Selection } from './selection.ts';

/** Figures for people and programs, from borg's own progress. */
const progressReporter = ({ output }: JobContext): ((progress: BorgProgress) => void) => {
  const startedAt = Date.now();
  return (progress) => {
    if (progress.type !== 'progress_percent' || progress.total <= 0) return;
    const { current, total } = progress;
    const seconds = Math.max(0.001, (Date.now() - startedAt) / 1000);
    const rate = current / seconds;
    const percent = Math.floor((100 * current) / total);
    output.progress(`${percent} % of ${humanBytes(total)} restored, ${humanBytes(rate)}/s`, {
      phase: 'restore',
      files: 0,
      original_size: current,
      compressed_size: 0,
      deduplicated_size: 0,
      rate,
      path: '',
      eta: rate > 0 ? (total - current) / rate : null,
    });
  };
};

/** Extracts with the paths as the archive has them. @throws JobFailure */
export const extractSelection = (
  context: JobContext,
  { borg, numericIds }: Pick<RestorePlace, 'borg' | 'numericIds'>,
  { paths, patterns }: Selection,
  start: Omit<StepOptions, 'argv'>,
): Promise<BorgResult> =>
  runStep(context, borg, {
    ...start,
    argv: extractCommand({
      repository: borg.repository,
      archive: archiveOf(context.plan),
      paths,
      patterns,
      numericIds,
      sparse: true,
      lockWaitSeconds: LOCK_WAIT_SECONDS,
    }),
    onProgress: progressReporter(context),
  });
