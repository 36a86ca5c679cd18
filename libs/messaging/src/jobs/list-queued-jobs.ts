import { InfrastructureError, messageOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { jobMessage, type JobMessage } from './job-message.ts';
import type { JobStreams } from './job-streams.ts';
import type { Connection } from '../connection/nats-connection.ts';

type Queue = Pick<JobStreams, 'stream' | 'subject'>;

/** JetStream's answer: the message, or an error. 404 = there is none. */
const answer = z.union([
  z.object({ message: z.object({ seq: z.int(), data: z.base64() }) }),
  z.object({ error: z.object({ code: z.int(), description: z.string().optional() }) }),
]);

const ANSWER_MILLIS = 5_000;
const NOT_FOUND = 404;

interface QueuedMessage {
  readonly sequence: number;
  readonly message: JobMessage | undefined;
}

const readMessage = (base64: string): JobMessage | undefined => {
  try {
    return jobMessage.parse(JSON.parse(Buffer.from(base64, 'base64').toString()));
  } catch {
    return undefined;
  }
};

/** The first message from this sequence on. */
const nextMessage = async (
  { nats }: Connection,
  { stream, subject }: Queue,
  sequence: number,
): Promise<QueuedMessage | undefined> => {
  const request = JSON.stringify({ seq: sequence, next_by_subj: subject });
  const reply = await nats.request(`$JS.API.STREAM.MSG.GET.${stream}`, request, { timeout: ANSWER_MILLIS });
  const given = answer.parse(reply.json());
  if ('message' in given) return { sequence: given.message.seq, message: readMessage(given.message.data) };
  if (given.error.code === NOT_FOUND) return undefined;
  throw new Error(given.error.description ?? `error ${given.error.code}`);
};

/** One request for each message: meant for the start of a leader. See `JobQueue.listQueued`. */
export const listQueuedJobs = async (connection: Connection, queue: Queue): Promise<ReadonlyMap<string, number>> => {
  const jobs = new Map<string, number>();
  try {
    let next = await nextMessage(connection, queue, 1);
    while (next) {
      const { sequence, message } = next;
      if (message) jobs.set(message.job, Math.max(message.grant, jobs.get(message.job) ?? 0));
      next = await nextMessage(connection, queue, sequence + 1);
    }
    return jobs;
  } catch (error) {
    const reason = messageOf(error);
    throw new InfrastructureError('unavailable', `The job queue cannot be looked at (${reason}); check NATS.`, {
      cause: error,
    });
  }
};
