import { AppError, currentContext, runInContext } from '@cyborgbackup/kernel';
import { startTestNats, type TestNats } from '@cyborgbackup/testkit';
import { jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createJobBench, newJob, noting, untilAborted, within } from '../testing/job-bench.ts';
import { RetryLater, type JobHandler } from './job-message.ts';

describe.concurrent('the job queue', () => {
  let nats: TestNats;
  beforeAll(async () => void (nats = await startTestNats()));
  afterAll(() => nats[Symbol.asyncDispose]());

  it('hands each job to one executor, with the context it was queued in, and forgets it', async () => {
    await using bench = await createJobBench(nats);
    const [queue, other] = [await bench.open(), await bench.open()];
    const seen: unknown[] = [];
    const handler: JobHandler = async (message, { attempt }) => {
      seen.push([message, attempt, currentContext()?.correlationId]);
      return seen.length % 2 ? 'done' : 'drop';
    };
    bench.consume(queue, handler);
    bench.consume(other, handler);
    const jobs = Array.from({ length: 20 }, newJob);
    const context = { actor: { kind: 'user', id: 'u' }, correlationId: 'c', causationId: 'd' } as const;
    await runInContext(context, () => Promise.all(jobs.map((job) => queue.publish(job, { dedupId: job.job }))));
    await vi.waitFor(async () => expect(await bench.left()).toBe(0), within(5));
    expect(seen).toHaveLength(20);
    expect(seen).toEqual(expect.arrayContaining(jobs.map((job) => [job, 1, 'c'])));
  });

  it('queues nothing twice for the same dedup id', async () => {
    await using bench = await createJobBench(nats);
    const queue = await bench.open();
    const job = newJob();
    expect(await queue.publish(job, { dedupId: 'schedule-1@12:00' })).toEqual({ duplicate: false });
    expect(await queue.publish(job, { dedupId: 'schedule-1@12:00' })).toEqual({ duplicate: true });
    expect(await queue.publish(job, { dedupId: 'schedule-1@13:00' })).toEqual({ duplicate: false });
    expect(await bench.left()).toBe(2);
  });

  it('can be opened again with other settings', async () => {
    await using bench = await createJobBench(nats);
    const { streams } = await jetstreamManager(bench.connection.nats);
    const older = { retention: RetentionPolicy.Workqueue, subjects: [`${bench.name}.work`], max_msgs: 5 };
    await streams.add({ name: bench.name, ...older });
    await bench.open();
    await bench.open({ ackWaitMillis: 7_000 });
    expect((await streams.info(bench.name)).config).toMatchObject({ max_msgs: 100_000, duplicate_window: 120e9 });
    const info = await (await bench.consumer('work')).info();
    expect(info.config).toMatchObject({ ack_wait: 7e9, max_deliver: -1 });
  });

  it('takes no more messages than run concurrently', async () => {
    await using bench = await createJobBench(nats);
    const queue = await bench.open();
    const hold = Promise.withResolvers<void>();
    let running = 0;
    bench.consume(queue, async () => {
      running += 1;
      await hold.promise;
      return 'done';
    });
    const jobs = Array.from({ length: 5 }, newJob);
    for (const job of jobs) await queue.publish(job, { dedupId: job.job });
    await vi.waitFor(() => expect(running).toBe(2), within(5));
    const elsewhere: unknown[] = [];
    bench.consume(await bench.open(), noting(elsewhere));
    await vi.waitFor(() => expect(elsewhere).toHaveLength(3), within(5));
    expect(running).toBe(2);
    hold.resolve();
  });

  it('gives the job of a dead executor to another after the ack wait', async () => {
    await using bench = await createJobBench(nats);
    const connection = await bench.connect();
    const stopping = await bench.open({ connection });
    const taken = Promise.withResolvers<void>();
    bench.consume(stopping, async (_message, { signal }) => {
      taken.resolve();
      await untilAborted(signal);
      return 'done';
    });
    const job = newJob();
    await stopping.publish(job, { dedupId: job.job });
    await taken.promise;
    await connection.nats.close();

    const seen: unknown[] = [];
    bench.consume(await bench.open(), noting(seen));
    await vi.waitFor(() => expect(seen).toEqual([[job, 2]]), within(5));
  });

  it('keeps a job that takes longer than the ack wait', async () => {
    await using bench = await createJobBench(nats);
    const attempts: number[] = [];
    const handler: JobHandler = async (_job, { attempt }) => {
      attempts.push(attempt);
      await sleep(2_500);
      return 'done';
    };
    const queue = await bench.open();
    bench.consume(queue, handler, { graceMillis: 5_000 });
    bench.consume(await bench.open(), handler, { graceMillis: 5_000 });
    await queue.publish(newJob(), { dedupId: 'long' });
    await vi.waitFor(async () => expect([attempts.length, await bench.left()]).toEqual([1, 0]), within(5));
    expect(attempts).toEqual([1]);
  });

  it('tries again with growing pauses, or after the pause a handler asks for', async () => {
    await using bench = await createJobBench(nats);
    const queue = await bench.open({ retryMillis: 200 });
    const times: number[] = [];
    bench.consume(queue, async (_job, { attempt }) => {
      times.push(performance.now());
      if (attempt === 1) throw new AppError('unavailable', 'The host is down.');
      if (attempt === 2) throw new AppError('deadline', 'No answer.');
      if (attempt === 3) throw new RetryLater(700, 'the repository is in use');
      return 'done';
    });
    await queue.publish(newJob(), { dedupId: 'retry' });
    await vi.waitFor(() => expect(times).toHaveLength(4), within(8));
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses[0]).toBeGreaterThanOrEqual(95);
    expect(pauses[1]).toBeGreaterThanOrEqual(195);
    expect(pauses[2]).toBeGreaterThanOrEqual(690);
  });

  describe('when an executor stops', () => {
    it('lets running jobs end within the grace, and takes no new ones', async () => {
      await using bench = await createJobBench(nats);
      const queue = await bench.open();
      const running = Promise.withResolvers<void>();
      const ended: unknown[] = [];
      const handler: JobHandler = async ({ job }, { signal }) => {
        running.resolve();
        await sleep(300);
        ended.push([job, signal.aborted]);
        return 'done';
      };
      const stop = bench.consume(queue, handler, { concurrency: 1, graceMillis: 5_000 });
      const first = newJob();
      await queue.publish(first, { dedupId: '1' });
      await running.promise;
      await queue.publish(newJob(), { dedupId: '2' });
      await stop();
      expect(ended).toEqual([[first.job, false]]);
      expect(await bench.left()).toBe(1);
    });

    // With this ack wait, only messages that were given back can come again within the test.
    const ackWaitMillis = 60_000;

    it('gives back at once the jobs that fail when aborted, and those that do not end', async () => {
      await using bench = await createJobBench(nats);
      const queue = await bench.open({ ackWaitMillis });
      const jobs = [newJob(), newJob()];
      let running = 0;
      const stop = bench.consume(
        queue,
        async (_job, { signal }) => {
          running += 1;
          if (running === 2) return new Promise(() => undefined);
          await untilAborted(signal);
          throw new Error('wound up');
        },
        { graceMillis: 50 },
      );
      for (const job of jobs) await queue.publish(job, { dedupId: job.job });
      await vi.waitFor(() => expect(running).toBe(2), within(5));
      await stop();
      const seen: unknown[] = [];
      bench.consume(await bench.open({ ackWaitMillis }), noting(seen));
      await vi.waitFor(() => expect(seen).toHaveLength(2), within(5));
      expect(seen).toEqual(expect.arrayContaining(jobs.map((job) => [job, 2])));
    });

    it('gives back what arrives while it stops', async () => {
      await using bench = await createJobBench(nats);
      const queue = await bench.open({ ackWaitMillis });
      const stopped: unknown[] = [];
      const stop = bench.consume(queue, noting(stopped));
      await vi.waitFor(
        async () => expect((await (await bench.consumer('work')).info()).num_waiting).toBe(2),
        within(5),
      );
      const end = stop();
      const job = newJob();
      await queue.publish(job, { dedupId: job.job });
      await end;
      const seen: unknown[] = [];
      bench.consume(await bench.open({ ackWaitMillis }), noting(seen));
      await vi.waitFor(() => expect(seen).toMatchObject([[job, expect.any(Number)]]), within(5));
      expect(stopped).toEqual([]);
    });
  });
});
