import { jetstreamManager } from '@nats-io/jetstream';
import type { Connection } from '../connection/nats-connection.ts';
import { JOB_STREAM } from './job-subjects.ts';

const ASK_MILLIS = 2_000;

/**
 * Tells one NATS from another: when the stream of jobs was made there, to the nanosecond. That outlives restarts (for a consumer it
 * does not, by some microseconds), and is the same on every server of a cluster; a NATS that lost its storage is another one. Undefined while it cannot be told: NATS is
 * away, or nobody has made the queue yet.
 */
export const busIdentity = async ({ nats }: Connection): Promise<string | undefined> => {
  try {
    const manager = await jetstreamManager(nats, { checkAPI: false, timeout: ASK_MILLIS });
    const { created } = await manager.streams.info(JOB_STREAM);
    return created;
  } catch {
    return undefined;
  }
};
