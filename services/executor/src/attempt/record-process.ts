import { jobStream } from '@cyborgbackup/contracts';
import { messageOf, type Logger } from '@cyborgbackup/kernel';
import type { JobCommands } from './handle-job.ts';
import type { JobContext } from '../job/job-context.ts';

export interface ProcessRecorder {
  readonly announce: JobContext['announce'];
  /** What was announced is recorded, or could not be. */
  settled(): Promise<void>;
}

/**
 * Records the processes of an attempt while borg goes on. They tell later whose lock it is that somebody finds, and which
 * process would have to be gone; where a record is missing nobody breaks that lock, so it holds up nothing.
 */
export const createProcessRecorder = (
  command: JobCommands,
  { job, attempt, logger }: { readonly job: string; readonly attempt: number; readonly logger: Logger },
): ProcessRecorder => {
  let recording = Promise.resolve();
  const record = async (host: Parameters<JobContext['announce']>[0], pid: number): Promise<void> => {
    try {
      await command(jobStream(job), { do: 'announce', job, attempt, pid, host });
    } catch (error) {
      logger.warn({ job, attempt, pid, reason: messageOf(error) }, 'a process could not be recorded');
    }
  };
  return {
    announce: (host, pid) => {
      recording = recording.then(() => record(host, pid));
    },
    settled: () => recording,
  };
};
