import type { Logger } from '@cyborgbackup/kernel';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { JobStreams } from './job-streams.ts';
import type { Connection } from '../connection/nats-connection.ts';

/** What the parts of the queue share. */
export interface JobQueueDeps {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly streams: JobStreams;
  readonly maxDeliver: number;
  readonly retryMillis: number;
  readonly client: JetStreamClient;
  /** Makes the streams and the consumer again if they are gone. */
  ensure(): Promise<void>;
}
