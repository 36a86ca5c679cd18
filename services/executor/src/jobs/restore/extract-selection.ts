import { extractCommand, type BorgResult, type BorgProgress } from '@cyborgbackup/borg';
import { humanBytes } from '@cyborgbackup/kernel';
import { commandOptions, runBorgStep, type StepOptions } from '../../borg/run-step.ts';
import type { JobContext } from '../../job/job-context.ts';
import { archiveOf } from '../../job/job-plan.ts';
import type { RestoreTarget } from './restore-target.ts';
import type { Selection } from './selection.ts';

/** Reports a restore's figures, from borg's own progress. */
const restoreProgress = ({ output }: JobContext): ((progress: BorgProgress) => void) => {
  const startedAt = Date.now();
  return (progress) => {
    if (progress.type !== 'progress_percent' || progress.total <= 0) return;
    const { current, total } = progress;
    const seconds = Math.max(0.001, (Date.now() - startedAt) / 1000);
    const rate = current / seconds;
    const percent = Math.floor((100 * current) / total);
    output.progress(`${percent} % of ${humanBytes(total)} restored, ${humanBytes(rate)}/s`, {
      phase: 'restore',
      original_size: current,
      rate,
      eta: rate > 0 ? (total - current) / rate : null,
    });
  };
};

/** Extracts with the paths as the archive has them. @throws JobFailure */
export const extractSelection = (
  context: JobContext,
  { borg, numericIds }: Pick<RestoreTarget, 'borg' | 'numericIds'>,
  { paths, patterns }: Selection,
  options: Omit<StepOptions, 'argv'>,
): Promise<BorgResult> =>
  runBorgStep(context, borg, {
    ...options,
    argv: extractCommand({
      ...commandOptions(borg),
      archive: archiveOf(context.plan),
      paths,
      patterns,
      numericIds,
      sparse: true,
    }),
    onProgress: restoreProgress(context),
  });
