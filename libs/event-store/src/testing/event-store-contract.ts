import type { RecordedEvent } from '@cyborgbackup/kernel';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogWentBackError, type EventStore, type ExpectedVersion } from '../port/event-store.ts';
import { verifyLog, verifyStream } from '../port/verify.ts';
import { collect, sampleEvent, sampleEvents, sampleStream } from './sample-events.ts';

export interface StoreUnderTest extends AsyncDisposable {
  readonly store: EventStore;
}

const conflict = expect.objectContaining({ code: 'version-conflict' });

/** What every adapter of the event store port must do, whatever is behind it. */
export const eventStoreContract = (name: string, makeStore: () => Promise<StoreUnderTest>): void => {
  describe(`${name} keeps the event store contract`, () => {
    let subject: StoreUnderTest;
    let store: EventStore;

    beforeAll(async () => {
      subject = await makeStore();
      store = subject.store;
    });
    afterAll(() => subject[Symbol.asyncDispose]());

    const append = (stream: string, count: number, expected: ExpectedVersion) =>
      store.append(stream, sampleEvents(count), expected);

    describe('append', () => {
      it('answers with the last version and position', async () => {
        const stream = sampleStream();
        const first = await append(stream, 3, 'none');
        const second = await append(stream, 1, 3);
        expect(first.version).toBe(3);
        expect(second.version).toBe(4);
        expect(second.position).toBeGreaterThan(first.position);
      });

      it.each<[ExpectedVersion, number]>([
        ['any', 0],
        ['any', 2],
        ['none', 0],
        [0, 0],
        ['exists', 2],
        [2, 2],
      ])('accepts %s for a stream of %i events', async (expected, length) => {
        const stream = sampleStream();
        if (length > 0) await append(stream, length, 'none');
        expect((await append(stream, 1, expected)).version).toBe(length + 1);
      });

      it.each<[ExpectedVersion, number]>([
        ['none', 2],
        [0, 2],
        ['exists', 0],
        [1, 0],
        [1, 2],
        [3, 2],
      ])('refuses %s for a stream of %i events and writes nothing', async (expected, length) => {
        const stream = sampleStream();
        if (length > 0) await append(stream, length, 'none');
        await expect(append(stream, 2, expected)).rejects.toEqual(conflict);
        expect(await collect(store.readStream(stream))).toHaveLength(length);
      });

      it('lets exactly one of many writers with the same expectation win', async () => {
        const stream = sampleStream();
        for (const expected of ['none', 1, 2] as const) {
          const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => append(stream, 1, expected)));
          expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        }
        expect(await collect(store.readStream(stream))).toHaveLength(3);
      });

      it('appends everything that has no expectation, without gaps in the versions', async () => {
        const stream = sampleStream();
        await Promise.all(Array.from({ length: 40 }, () => append(stream, 2, 'any')));
        const versions = (await collect(store.readStream(stream))).map(({ version }) => version);
        expect(versions).toEqual(Array.from({ length: 80 }, (_, index) => index + 1));
      });

      it.each<ExpectedVersion>(['none', 'any', 0])('answers a retry at %s with the first result', async (expected) => {
        const stream = sampleStream();
        const events = sampleEvents(2);
        const first = await store.append(stream, events, expected);
        await append(stream, 3, 2);
        expect(await store.append(stream, events, expected)).toEqual(first);
        expect(await collect(store.readStream(stream))).toHaveLength(5);
      });

      it('answers a retry in the middle of a stream with the first result', async () => {
        const stream = sampleStream();
        await append(stream, 3, 'none');
        const events = sampleEvents(2);
        const first = await store.append(stream, events, 3);
        await append(stream, 1, 'exists');
        expect(await store.append(stream, events, 3)).toEqual(first);
        expect(await store.append(stream, events, 'exists')).toEqual(first);
        await expect(store.append(stream, events, 2)).rejects.toEqual(conflict);
        await expect(store.append(stream, [...events, sampleEvent()], 3)).rejects.toEqual(conflict);
        expect(await collect(store.readStream(stream))).toHaveLength(6);
      });

      it('writes the same append once when it is tried several times at the same moment', async () => {
        const stream = sampleStream();
        const events = sampleEvents(2);
        const results = await Promise.all(Array.from({ length: 8 }, () => store.append(stream, events, 'none')));
        expect(new Set(results.map(({ version, position }) => `${version} ${position}`)).size).toBe(1);
        expect(await collect(store.readStream(stream))).toHaveLength(2);
      });

      it('takes 500 events at once, and refuses 501 and none', async () => {
        const stream = sampleStream();
        expect((await append(stream, 500, 'none')).version).toBe(500);
        await expect(append(stream, 501, 500)).rejects.toThrow(/1 to 500/);
        await expect(append(stream, 0, 500)).rejects.toThrow(/1 to 500/);
      });
    });

    describe('readStream', () => {
      it('gives back exactly what was appended', async () => {
        const stream = sampleStream();
        const data = {
          text: 'Zoë "quoted" \\ back\u2028slash \u0000 nul',
          path: '/home/\udc80\udcff/not-utf-8',
          list: [1, -0.5, 1e21, null, true, { nested: [] }],
          z: 1,
          a: 2,
        };
        const event = sampleEvent(data);
        const { position } = await store.append(stream, [event], 'none');
        const [recorded] = await collect(store.readStream(stream));
        expect(recorded).toEqual({
          ...event,
          stream,
          version: 1,
          position,
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        });
      });

      it('pages through a long stream, from any version', async () => {
        const stream = sampleStream();
        for (let version = 0; version < 1_200; version += 400) await append(stream, 400, version);
        const all = await collect(store.readStream(stream));
        expect(all.map(({ version }) => version)).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1));
        expect((await collect(store.readStream(stream, { from: 1_199 }))).map(({ version }) => version)).toEqual([
          1_199, 1_200,
        ]);
      });

      it('finds nothing in a stream that does not exist', async () => {
        expect(await collect(store.readStream(sampleStream()))).toEqual([]);
      });
    });

    describe('readAll', () => {
      it('pages through the log in position order, and ends at the head', async () => {
        const start = await store.head();
        const streams = [sampleStream(), sampleStream()];
        for (let round = 0; round < 10; round += 1)
          await Promise.all(streams.map((stream) => append(stream, 3, 'any')));
        const seen: RecordedEvent[] = [];
        for (let after = start; ;) {
          const page = await store.readAll({ after, limit: 7 });
          expect(page.events.length).toBeLessThanOrEqual(7);
          if (page.events.length === 0) break;
          seen.push(...page.events);
          after = page.position;
        }
        expect(seen).toHaveLength(60);
        expect(seen.at(-1)?.position).toBe(await store.head());
        expect(seen.map(({ position }) => position)).toEqual(
          seen.map(({ position }) => position).toSorted((a, b) => Number(a - b)),
        );
        for (const stream of streams) {
          expect(seen.filter((event) => event.stream === stream)).toEqual(await collect(store.readStream(stream)));
        }
      });

      it('gives few events at once where they are large, and all of them in the end', async () => {
        const start = await store.head();
        const stream = sampleStream();
        // Random letters do not get smaller by compression.
        const large = () => sampleEvent({ text: randomBytes(400_000).toString('hex') });
        for (let round = 0; round < 6; round += 1) await store.append(stream, [large(), sampleEvent()], 'any');
        const pages: number[] = [];
        for (let after = start; ;) {
          const page = await store.readAll({ after, limit: 100 });
          if (page.events.length === 0) break;
          pages.push(page.events.length);
          after = page.position;
        }
        expect(pages.length).toBeGreaterThan(1);
        expect(pages.reduce((sum, length) => sum + length)).toBe(12);
      });

      it('passes over events of other types, with all that is known of the wanted ones', async () => {
        const after = await store.head();
        const stream = sampleStream();
        const wanted = { ...sampleEvent({ n: 2 }), type: 'sample-wanted' };
        await store.append(stream, [sampleEvent({ n: 1 }), wanted, sampleEvent({ n: 3 })], 'none');
        const page = await store.readAll({ after, limit: 10, types: ['sample-wanted', 'sample-never'] });
        expect(page.events).toEqual([(await collect(store.readStream(stream)))[1]]);
        expect(page.position).toBe(await store.head());
      });
    });

    it('tells a reader that what it has handled is gone', async () => {
      const { position: after } = await append(sampleStream(), 1, 'none');
      const lost = after + 1_000_000n;
      expect(await store.hashAt(lost)).toBeUndefined();
      await expect(store.readAll({ after: lost, limit: 1 })).rejects.toThrow(LogWentBackError);
      const { signal } = new AbortController();
      await expect(collect(store.subscribe({ after: lost, signal }))).rejects.toThrow(LogWentBackError);
    });

    describe('subscribe', () => {
      it('catches up, follows, and ends without an error when aborted', async () => {
        const after = await store.head();
        const stream = sampleStream();
        await append(stream, 5, 'none');
        const stop = new AbortController();
        const seen: number[] = [];
        for await (const page of store.subscribe({ after, signal: stop.signal, pageSize: 2 })) {
          expect(page.events.length).toBeGreaterThan(0);
          expect(page.events.length).toBeLessThanOrEqual(2);
          expect(page.position).toBe(page.events.at(-1)?.position);
          expect(page.hash).toBe(await store.hashAt(page.position));
          seen.push(...page.events.map(({ version }) => version));
          if (seen.length === 5) await append(stream, 1, 5);
          if (seen.length === 6) stop.abort();
        }
        expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
      });

      it('tells how far it is where nothing was for this reader', async () => {
        const after = await store.head();
        const { position } = await append(sampleStream(), 3, 'none');
        const stop = new AbortController();
        for await (const page of store.subscribe({ after, signal: stop.signal, types: ['sample-never'] })) {
          expect(page.events).toEqual([]);
          if (page.position === position) stop.abort();
        }
      });

      it('hands out nothing more once it is aborted, however much there is', async () => {
        const after = await store.head();
        await append(sampleStream(), 10, 'none');
        const stop = new AbortController();
        let pages = 0;
        for await (const _ of store.subscribe({ after, signal: stop.signal, pageSize: 2 })) {
          pages += 1;
          // Time enough for a page that is fetched ahead.
          await store.head();
          stop.abort();
        }
        expect(pages).toBe(1);
      });

      it('ends while it waits for something new', async () => {
        const stop = new AbortController();
        const pages = collect(store.subscribe({ after: await store.head(), signal: stop.signal }));
        setImmediate(() => stop.abort());
        expect(await pages).toEqual([]);
      });
    });

    it('chains the hashes of each stream', async () => {
      const stream = sampleStream();
      await append(stream, 3, 'none');
      await append(stream, 2, 3);
      expect(await verifyStream(store, stream)).toEqual({ intact: true, events: 5 });
      expect(await verifyLog(store)).toMatchObject({ intact: true });
    });
  });
};
