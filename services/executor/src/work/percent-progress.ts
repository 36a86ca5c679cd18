import type { BorgProgress } from '@cyborgbackup/borg';
import type { JobOutput } from '../output/job-output.ts';
import { secondsToGo } from './estimate.ts';

const NO_SIZES = { files: 0, original_size: 0, compressed_size: 0, deduplicated_size: 0, rate: 0, path: '' };

/** Reports how much of an operation is done; each kind of step that borg goes through counts from its own beginning. */
export const percentProgress = (output: JobOutput, phase: string): ((progress: BorgProgress) => void) => {
  let kind = '';
  let begun = Date.now();
  return (progress) => {
    if (progress.type !== 'progress_percent' || progress.total === 0 || progress.finished) return;
    if (progress.msgid !== kind) [kind, begun] = [progress.msgid, Date.now()];
    const elapsed = (Date.now() - begun) / 1000;
    const eta = secondsToGo({ elapsed, bytes: progress.current }, { originalSize: progress.total, duration: elapsed });
    const percent = Math.floor((100 * progress.current) / progress.total);
    output.progress(progress.message || `${phase}: ${percent} %`, { ...NO_SIZES, phase, eta });
  };
};
