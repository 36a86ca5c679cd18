import { startTestNats } from '@cyborgbackup/testkit';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it, vi } from 'vitest';
import { newJob, silent, within } from '../testing/job-bench.ts';
import { createJobQueue } from './job-queue.ts';
import { createNatsConnection } from '../connection/nats-connection.ts';

it('jobs survive an outage of NATS, and consuming goes on, even when the streams are lost', async () => {
  await using nats = await startTestNats();
  const connection = await createNatsConnection({ natsUrl: nats.url, name: 'executor-test', logger: silent });
  const queue = await createJobQueue({ connection, logger: silent, ackWaitMillis: 2_000 });
  const handled: string[] = [];
  const stop = new AbortController();
  const consumed = queue.consume({
    concurrency: 2,
    signal: stop.signal,
    graceMillis: 0,
    handler: async ({ job }) => {
      handled.push(job);
      return 'done';
    },
  });
  const publish = async (): Promise<void> => {
    const job = newJob();
    await queue.publish(job, { dedupId: job.job });
    await vi.waitFor(() => expect(handled).toContain(job.job), within(10));
  };

  await publish();
  await nats.kill();
  const publishing = publish();
  await nats.restart();
  await publishing;

  const manager = await jetstreamManager(connection.nats);
  await manager.streams.delete('JOBS');
  await publish();
  await manager.consumers.delete('JOBS', 'executors');
  await publish();
  // An acknowledgement may have been lost with the consumer, and its message come twice.
  expect(new Set(handled).size).toBe(4);

  await nats.kill();
  await vi.waitFor(() => expect(connection.isConnected()).toBe(false), within(5));
  stop.abort();
  await consumed;
  await expect(queue.publish(newJob(), { dedupId: 'x' })).rejects.toMatchObject({ code: 'unavailable' });
  await connection.close();
});
