import {
  AckPolicy,
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { JOB_CONSUMER } from './job-subjects.ts';

/** How long a message may go without a heartbeat before another executor gets it, and how many heartbeats are sent in that time. */
export const ACK_WAIT_MILLIS = 15_000;
export const HEARTBEATS_PER_ACK_WAIT = 3;

const DUPLICATE_WINDOW_MILLIS = 120_000;
const STREAM_NAME_IN_USE = 10_058;

export interface JobStreams {
  readonly stream: string;
  readonly subject: string;
  readonly deadStream: string;
  readonly deadSubject: string;
  readonly ackWaitMillis: number;
}

type NamedStream = Partial<StreamConfig> & { readonly name: string };

/** A full queue refuses further jobs; it never forgets one. */
const queueStream = ({ stream, subject }: JobStreams): NamedStream => ({
  name: stream,
  subjects: [subject],
  retention: RetentionPolicy.Workqueue,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  max_msgs: 100_000,
  duplicate_window: nanos(DUPLICATE_WINDOW_MILLIS),
});

/** For people to look at; what matters of a dead job is in the event log. */
const deadLetters = ({ deadStream, deadSubject }: JobStreams): NamedStream => ({
  name: deadStream,
  subjects: [deadSubject],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.Old,
  max_msgs: 10_000,
  duplicate_window: nanos(DUPLICATE_WINDOW_MILLIS),
});

/**
 * Deliveries are counted by us and not limited here: a message that the server has delivered `max_deliver` times
 * stays in the stream, where neither a consumer nor the backlog shows it again.
 */
const consumerConfig = ({ ackWaitMillis }: JobStreams): Partial<ConsumerConfig> => ({
  durable_name: JOB_CONSUMER,
  ack_policy: AckPolicy.Explicit,
  ack_wait: nanos(ackWaitMillis),
  max_deliver: -1,
});

/** Makes streams and consumer what they should be, however much of them there is already. Losing a race is no error. */
export const ensureJobStreams = async (manager: JetStreamManager, streams: JobStreams): Promise<void> => {
  await ensureStream(manager, queueStream(streams));
  await ensureStream(manager, deadLetters(streams));
  // On servers before 2.10 adding also updates.
  const config = consumerConfig(streams);
  await manager.consumers
    .add(streams.stream, config)
    .catch(() => manager.consumers.update(streams.stream, JOB_CONSUMER, config));
};

const ensureStream = async (manager: JetStreamManager, config: NamedStream): Promise<void> => {
  try {
    await manager.streams.add(config);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NAME_IN_USE) throw error;
    await manager.streams.update(config.name, config);
  }
};
