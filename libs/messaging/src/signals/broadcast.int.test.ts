import { createLogger } from '@cyborgbackup/kernel';
import { startTestNats, type TestNats } from '@cyborgbackup/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createNatsConnection, type Connection } from '../connection/nats-connection.ts';
import { createSignals } from './signals.ts';
import { createAppendNotifications } from './append-notifications.ts';

const logger = createLogger('test', 'silent');

describe('broadcasts', () => {
  let nats: TestNats;
  let here: Connection;
  let there: Connection;

  beforeAll(async () => {
    nats = await startTestNats();
    here = await createNatsConnection({ natsUrl: nats.url, name: 'here', logger });
    there = await createNatsConnection({ natsUrl: nats.url, name: 'there', logger });
  });
  afterAll(async () => {
    await here.close();
    await there.close();
    await nats[Symbol.asyncDispose]();
  });

  it('notify of the last of many positions, in few messages', async () => {
    const heard: bigint[] = [];
    const stop = createAppendNotifications(there).listen((position) => heard.push(position));
    await there.nats.flush();
    const notifications = createAppendNotifications(here);
    for (let position = 1n; position <= 1_000n; position += 1n) notifications.notify(position);
    notifications.notify(5n);
    await vi.waitFor(() => expect(heard.at(-1)).toBe(1_000n));
    expect(heard).toEqual([1n, 1_000n]);
    notifications.notify(2n ** 63n - 1n);
    await vi.waitFor(() => expect(heard.at(-1)).toBe(2n ** 63n - 1n));
    stop();
    notifications.notify(2n ** 63n);
    await here.nats.flush();
    await there.nats.flush();
    expect(heard).toHaveLength(3);
  });

  it('notify of appends despite garbage and a listener that fails', async () => {
    const heard: bigint[] = [];
    const notifications = createAppendNotifications(there);
    const stopBad = notifications.listen(() => {
      throw new Error('listener');
    });
    const stop = notifications.listen((position) => heard.push(position));
    await there.nats.flush();
    for (const text of ['', '-1', '1.5', 'x', '9'.repeat(100)]) here.nats.publish('events.appended', text);
    createAppendNotifications(here).notify(7n);
    await vi.waitFor(() => expect(heard).toEqual([7n]));
    stop();
    stopBad();
  });

  it('signal to everybody what fits the schema, and go on after what does not', async () => {
    const cancel = z.object({ job: z.string() });
    const heard: string[] = [];
    const stops = [here, there].map((connection) =>
      createSignals(connection).subscribe('jobs.cancel', cancel, async ({ job }) => {
        heard.push(job);
        if (job === 'bad') throw new Error('handler');
      }),
    );
    await Promise.all([here.nats.flush(), there.nats.flush()]);
    for (const text of ['', '{', 'null', '{"job":1}']) here.nats.publish('jobs.cancel', text);
    const signals = createSignals(here);
    expect(signals.publish('jobs.cancel', { job: 'bad' })).toBe(true);
    expect(signals.publish('jobs.cancel', { job: 'a' })).toBe(true);
    await vi.waitFor(() => expect(heard.toSorted()).toEqual(['a', 'a', 'bad', 'bad']));
    for (const stop of stops) stop();
  });

  it('are dropped, not kept, while NATS is away', async () => {
    const notifications = createAppendNotifications(here);
    const heard: bigint[] = [];
    const stop = createAppendNotifications(there).listen((position) => heard.push(position));
    await nats.kill();
    await vi.waitFor(() => expect([here.isConnected(), there.isConnected()]).toEqual([false, false]));
    expect(createSignals(here).publish('jobs.cancel', {})).toBe(false);
    notifications.notify(1n);
    notifications.notify(2n);
    await nats.restart();
    await vi.waitFor(() => expect([here.isConnected(), there.isConnected()]).toEqual([true, true]), 5_000);
    await there.nats.flush();
    notifications.notify(3n);
    await vi.waitFor(() => expect(heard).toEqual([3n]));
    stop();
  });
});
