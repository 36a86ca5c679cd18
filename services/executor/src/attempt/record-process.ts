import { jobStream } from '@cyborgbackup/contracts';
import { messageOf, type Logger } from '@cyborgbackup/kernel';
import type { BorgHost, JobContext } from '../job/job-context.ts';
import type { JobCommands } from './job-commands.ts';

export interface ProcessRecorder {
  readonly recordProcess: JobContext['recordProcess'];
  /** Resolves when every process is recorded, or could not be. */
  flush(): Promise<void>;
}

/**
 * Records the processes of an attempt while borg runs. The records tell later which job a lock belongs to, and which process
 * must have ended before the lock may be removed. A lock without a record is never removed, so a failure here does no harm.
 */
export const createProcessRecorder = (
  command: JobCommands,
  { job, attempt, logger }: { readonly job: string; readonly attempt: number; readonly logger: Logger },
): ProcessRecorder => {
  let recording = Promise.resolve();
  const record = async (host: BorgHost, pid: number): Promise<void> => {
    try {
      await command(jobStream(job), { type: 'record-process', job, attempt, pid, host });
    } catch (error) {
      logger.warn({ job, attempt, pid, reason: messageOf(error) }, 'a process could not be recorded');
    }
  };
  return {
    recordProcess: (host, pid) => {
      recording = recording.then(() => record(host, pid));
    },
    flush: () => recording,
  };
};
