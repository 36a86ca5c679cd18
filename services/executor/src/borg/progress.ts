import type { BorgProgress } from '@cyborgbackup/borg';
import type { JobOutput } from '../output/job-output.ts';
import type { LastBackup } from '../tables/series.ts';

/** How far a backup is. */
export interface Reading {
  /** Seconds since it began. */
  readonly elapsed: number;
  /** Bytes read so far. */
  readonly bytes: number;
}

/** Of the backup before it. */
export type LastReading = Pick<LastBackup, 'originalSize' | 'duration'>;

/** From here on the pace of this backup says more than that of the last one. */
const TELLING_SHARE = 0.1;

/** Seconds to go when the source is about as large as last time; null without a last backup, and beyond its size. */
export const secondsToGo = ({ elapsed, bytes }: Reading, last: LastReading | undefined): number | null => {
  if (!last || last.originalSize === 0 || bytes > last.originalSize) return null;
  const share = bytes / last.originalSize;
  const whole = share > TELLING_SHARE ? elapsed / share : last.duration;
  return Math.round(whole * (1 - share) * 10) / 10;
};

/** Older readings say nothing about the rate now. Seconds. */
const WINDOW = 10;

/** Takes readings as they come and gives the rate of the last ten seconds, in bytes per second. */
export const createRate = (): ((reading: Reading) => number) => {
  let readings: Reading[] = [{ elapsed: 0, bytes: 0 }];
  return (now) => {
    const recent = readings.filter(({ elapsed }) => elapsed >= now.elapsed - WINDOW);
    // One from before the window stays, or a backup that reports rarely would have no rate.
    readings = [...readings.slice(-recent.length - 1, readings.length - recent.length), ...recent, now].slice(-100);
    const first = readings[0] ?? now;
    return now.elapsed > first.elapsed ? Math.max(0, now.bytes - first.bytes) / (now.elapsed - first.elapsed) : 0;
  };
};

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
    output.progress(progress.message || `${phase}: ${percent} %`, { phase, eta });
  };
};
