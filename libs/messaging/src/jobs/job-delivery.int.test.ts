import { AppError } from '@cyborgbackup/kernel';
import { startTestNats, type TestNats } from '@cyborgbackup/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createJobBench, newJob, noting, within, type JobBench } from '../testing/job-bench.ts';
import type { DeadHandler } from './job-message.ts';

const letters = async (bench: JobBench, count: number): Promise<{ code: string; reason: string; data: string }[]> => {
  const messages = await (await bench.consumer('dead')).fetch({ max_messages: count, expires: 1_000 });
  const result = [];
  for await (const message of messages) {
    const field = (name: string): string => message.headers?.get(name) ?? '';
    result.push({ code: field('Dead-Code'), reason: field('Dead-Reason'), data: message.string() });
  }
  return result;
};

const emptied = (bench: JobBench): Promise<void> =>
  vi.waitFor(async () => expect(await bench.left()).toBe(0), within(5));

describe.concurrent('dead letters of the job queue', () => {
  let nats: TestNats;
  beforeAll(async () => void (nats = await startTestNats()));
  afterAll(() => nats[Symbol.asyncDispose]());

  it('gives a job up at once after an error that will not go away', async () => {
    await using bench = await createJobBench(nats);
    const queue = await bench.open();
    const job = newJob();
    const message = 'Größe unbekannt:\nno such repository.';
    let calls = 0;
    const handler = async (): Promise<never> => {
      calls += 1;
      throw new AppError('not-found', message);
    };
    bench.consume(queue, handler, { onDead: bench.onDead });
    await queue.publish(job, { dedupId: job.job });
    await emptied(bench);
    expect(bench.dead).toEqual([[job, { code: 'not-found', message, attempt: 1 }]]);
    expect(calls).toBe(1);
    const reason = 'Größe unbekannt: no such repository.';
    expect(await letters(bench, 1)).toEqual([{ code: 'not-found', reason, data: JSON.stringify(job) }]);
  });

  it('gives a job up when it has been tried often enough', async () => {
    await using bench = await createJobBench(nats);
    const queue = await bench.open({ maxDeliver: 2 });
    const job = newJob();
    const attempts: number[] = [];
    bench.consume(
      queue,
      async (_job, { attempt }) => {
        attempts.push(attempt);
        throw new AppError('unavailable', 'The host is down.');
      },
      { onDead: bench.onDead },
    );
    await queue.publish(job, { dedupId: job.job });
    await emptied(bench);
    expect(attempts).toEqual([1, 2]);
    expect(bench.dead).toMatchObject([[job, { code: 'exhausted', attempt: 2 }]]);
  });

  it('gives a job up when it kills its executors, without running it once more', async () => {
    await using bench = await createJobBench(nats);
    // Not as long as a pull: nats-server 2.9 forgets deliveries when a message comes back as the pulls lapse.
    const queue = await bench.open({ maxDeliver: 2, ackWaitMillis: 500 });
    const job = newJob();
    await queue.publish(job, { dedupId: job.job });
    const consumer = await bench.consumer('work');
    for (const delivery of [1, 2]) expect((await consumer.next({ expires: 3_000 }))?.info.deliveryCount).toBe(delivery);
    const seen: unknown[] = [];
    bench.consume(queue, noting(seen), { onDead: bench.onDead });
    await emptied(bench);
    expect(bench.dead).toMatchObject([[job, { code: 'exhausted', attempt: 3 }]]);
    expect(seen).toEqual([]);
  });

  it('gives a malformed message up, and handles the next', async () => {
    await using bench = await createJobBench(nats);
    const queue = await bench.open();
    const garbage = ['not json', '', '{}', 'null', '{"job":"1","run":"2"}'];
    for (const text of garbage) await bench.publishRaw(text);
    const job = newJob();
    await queue.publish(job, { dedupId: job.job });
    const seen: unknown[] = [];
    bench.consume(queue, noting(seen), { onDead: bench.onDead });
    await emptied(bench);
    expect(bench.dead.map(([message, reason]) => [message, reason.code])).toEqual(
      garbage.map(() => [undefined, 'malformed']),
    );
    expect(seen).toEqual([[job, 1]]);
    const texts = (await letters(bench, garbage.length)).map((letter) => letter.data);
    expect(texts.sort()).toEqual(garbage.sort());
  });

  it('gives no job up before that is recorded', async () => {
    await using bench = await createJobBench(nats);
    const queue = await bench.open();
    const job = newJob();
    let calls = 0;
    const onDead: DeadHandler = async (message, reason) => {
      calls += 1;
      if (calls === 1) throw new Error('the event store is down');
      await bench.onDead(message, reason);
    };
    const handler = (): Promise<never> => Promise.reject(new TypeError('a defect'));
    bench.consume(queue, handler, { onDead });
    await queue.publish(job, { dedupId: job.job });
    await emptied(bench);
    expect(bench.dead).toMatchObject([[job, { code: 'internal', attempt: 2 }]]);
    expect(await letters(bench, 2)).toHaveLength(1);
  });
});
