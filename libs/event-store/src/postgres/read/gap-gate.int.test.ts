import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleEvents, sampleStream } from '../../testing/sample-events.ts';
import { openTestStore, type TestStore } from '../../testing/test-store.ts';
import { appendQuery, toAppendItem } from '../append/append-batch.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test[Symbol.asyncDispose]());

/** A transaction that has drawn a position and not committed yet. */
const openWriter = async (stream: string): Promise<pg.PoolClient> => {
  const client = await test.admin.connect();
  client.on('error', () => undefined);
  await client.query('begin');
  await client.query(appendQuery([toAppendItem(stream, sampleEvents(1), 'any')]));
  return client;
};

const streamsAfter = async (after: bigint): Promise<string[]> =>
  (await test.store.readAll({ after, limit: 100 })).events.map(({ stream }) => stream);

describe('behind a writer that has not committed', () => {
  it.each<[string, boolean, (writer: pg.PoolClient) => Promise<unknown>]>([
    ['commits', true, (writer) => writer.query('commit')],
    ['rolls back', false, (writer) => writer.query('rollback')],
    [
      'is killed',
      false,
      async (writer) => {
        const { rows } = await writer.query<{ pid: number }>('select pg_backend_pid() as pid');
        const ended = new Promise((resolve) => writer.once('end', resolve));
        await test.admin.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
        await ended;
      },
    ],
  ])('readers wait until it %s', async (ending, isWritten, end) => {
    const start = await test.store.head();
    const [slow, fast] = [sampleStream(), sampleStream()];
    const writer = await openWriter(slow);
    await test.store.append(fast, sampleEvents(1), 'none');
    expect(await streamsAfter(start)).toEqual([]);
    expect(await test.store.head()).toBe(start);

    await end(writer);
    expect(await streamsAfter(start)).toEqual(isWritten ? [slow, fast] : [fast]);
    expect(await test.store.head()).toBeGreaterThan(start);
    writer.release(ending === 'is killed');
  });

  it('hands out what comes before the hole, and a subscription goes on as soon as it is filled', async () => {
    const start = await test.store.head();
    const [before, slow, fast] = [sampleStream(), sampleStream(), sampleStream()];
    await test.store.append(before, sampleEvents(2), 'none');
    const writer = await openWriter(slow);
    await test.store.append(fast, sampleEvents(1), 'none');
    const stop = new AbortController();
    const pages: string[][] = [];
    for await (const { events } of test.another().subscribe({ after: start, signal: stop.signal })) {
      pages.push(events.map(({ stream }) => stream));
      if (pages.length === 2) break;
      await writer.query('commit');
    }
    expect(pages).toEqual([
      [before, before],
      [slow, fast],
    ]);
    writer.release();
  });

  it('a conflict draws no position and leaves no hole', async () => {
    const stream = sampleStream();
    const { position } = await test.store.append(stream, sampleEvents(1), 'none');
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await expect(test.store.append(stream, sampleEvents(1), 'none')).rejects.toMatchObject({
        code: 'version-conflict',
      });
    }
    expect((await test.store.append(stream, sampleEvents(1), 1)).position).toBe(position + 1n);
  });
});
