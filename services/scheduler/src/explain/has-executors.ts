import { HOLDER_SUBJECT } from '@cyborgbackup/contracts';
import type { Connection } from '@cyborgbackup/messaging';

/** Executors answer at once when they work on the job; all others, none the less there, never do. */
const ANSWER_MILLIS = 150;

/** NATS itself answers for a subject that nobody listens to. */
const isNobodyThere = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && error.cause.name === 'NoResponders';

/** Whether any executor is there, asked about a job; undefined while NATS is away. */
export const hasExecutors = async (connection: Connection, job: string): Promise<boolean | undefined> => {
  if (!connection.isConnected()) return undefined;
  try {
    await connection.nats.request(HOLDER_SUBJECT, job, { timeout: ANSWER_MILLIS });
    return true;
  } catch (error) {
    if (isNobodyThere(error)) return false;
    return connection.isConnected() ? true : undefined;
  }
};
