import { isSshError, ORPHAN_MILLIS } from '@cyborgbackup/borg';
import { delay, messageOf } from '@cyborgbackup/kernel';
import type { JobContext } from '../job/job-context.ts';

/**
 * After its connection broke, a command on a host may go on until its supervisor misses our heartbeats. Others get the client and
 * the repository when this attempt has ended, so it lasts as long. @throws the error
 */
export const outliveOrphans = async (
  { output, signal }: Pick<JobContext, 'output' | 'signal'>,
  error: unknown,
): Promise<never> => {
  if (isSshError(error, 'lost')) {
    const seconds = Math.round(ORPHAN_MILLIS / 1000);
    output.write('system_warning', `${messageOf(error)} Waiting ${seconds} s, until what ran there has ended.`);
    await delay(ORPHAN_MILLIS, signal);
  }
  throw error;
};
