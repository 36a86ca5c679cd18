import { jobOutputRecorded, jobStarted, jobStream, outputStream } from '@cyborgbackup/contracts';
import { eventId } from '@cyborgbackup/event-store';
import { systemContext, type DomainEvent } from '@cyborgbackup/kernel';
import { runProjection } from '@cyborgbackup/projections';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { receivedEvents, type ReceivedEvent } from '../../../testing/event-stream.ts';
import { projections } from '../../../testing/read-models.ts';
import { ADMIN, basic, startTestGateway, USER, type TestGateway } from '../../../testing/test-gateway.ts';

/** The gateway, its tables written here, and projections that only move their checkpoints on. */
let gateway: TestGateway;
const stopping = new AbortController();
const running: Promise<void>[] = [];

let nextId = 1;

beforeAll(async () => {
  gateway = await startTestGateway();
  const { pool, store, codec, logger } = gateway.others;
  for (const projection of projections.filter(({ name }) => ['executor', 'scheduler'].includes(name))) {
    running.push(runProjection({ pool, store, codec, logger, owner: 'test', projection, signal: stopping.signal }));
  }
});
afterAll(async () => {
  stopping.abort();
  await Promise.all(running);
  await gateway?.[Symbol.asyncDispose]();
});

interface TestJob {
  readonly id: number;
  readonly uuid: string;
  /** Adds lines to the output, as an executor does. */
  say(...texts: string[]): Promise<void>;
  /** Changes its row, as the scheduler's projection does. */
  become(changes: Record<string, unknown>): Promise<void>;
}

const append = async (stream: string, event: DomainEvent): Promise<void> => {
  const { store, codec } = gateway.others;
  const encoded = await codec.encode(event, { id: eventId(randomUUID(), stream, 0), context: systemContext('test') });
  await store.append(stream, [encoded], 'any');
};

const newJob = async (): Promise<TestJob> => {
  const uuid = randomUUID();
  const id = nextId++;
  const kinds = { job_type: 'job', launch_type: 'manual', status: 'running' };
  await gateway.insert('scheduler.jobs', { id, uuid, name: 'Backup', started: new Date(), attempt: 1, ...kinds });
  let counter = 0;

  return {
    id,
    uuid,
    say: async (...texts) => {
      const first_id = nextId;
      nextId += texts.length;
      const created = '2026-01-02T03:04:05.678901Z';
      const lines = texts.map((stdout) => {
        counter += 1;
        return { counter, event: 'verbose' as const, stdout, start_line: counter - 1, end_line: counter, created };
      });
      await gateway.sql(
        `insert into executor.job_events (id, job_uuid, counter, event, stdout, start_line, end_line, progress, created)
         select $1::bigint + counter - $2, $3, counter, event, stdout, start_line, end_line, null, created
           from jsonb_to_recordset($4) as line(counter int, event text, stdout text, start_line int, end_line int,
                                              created timestamptz)`,
        [first_id, lines[0]!.counter, uuid, JSON.stringify(lines)],
      );
      const data = {
        job: uuid,
        first_id,
        first_counter: lines[0]!.counter,
        lines_before: lines[0]!.start_line,
        lines: lines.map(({ stdout }) => ({ stdout, created })),
      };
      await append(outputStream(uuid), { type: jobOutputRecorded.type, data });
    },
    become: async (changes) => {
      const names = Object.keys(changes);
      await gateway.sql(
        `update scheduler.jobs set ${names.map((name, index) => `${name} = $${index + 2}`).join(', ')} where uuid = $1`,
        [uuid, ...Object.values(changes)],
      );
      const data = { job: uuid, run: randomUUID(), attempt: 1, executor: 'e' };
      await append(jobStream(uuid), { type: jobStarted.type, data });
    },
  };
};

const success = { status: 'successful', finished: new Date() };

interface OpenStream extends AsyncDisposable {
  readonly response: Response;
  readonly events: AsyncGenerator<ReceivedEvent, void>;
  next(): Promise<ReceivedEvent>;
  /** All that comes until the server ends the stream. */
  rest(): Promise<ReceivedEvent[]>;
}

interface OpenOptions {
  readonly headers?: Record<string, string>;
  readonly query?: string;
  readonly as?: string;
  readonly url?: string;
}

const open = async (
  job: number,
  { headers = {}, query = '', as = ADMIN, url = gateway.url }: OpenOptions = {},
): Promise<OpenStream> => {
  const gone = new AbortController();
  const response = await fetch(`${url}/api/v1/jobs/${job}/events/stream/${query}`, {
    headers: { Authorization: basic(as), ...headers },
    signal: gone.signal,
  });
  const events = receivedEvents(response);
  return {
    response,
    events,
    next: async () => {
      const { value, done } = await events.next();
      return done ? expect.fail('the stream ended') : value;
    },
    rest: async () => {
      const all: ReceivedEvent[] = [];
      for await (const event of events) all.push(event);
      return all;
    },
    [Symbol.asyncDispose]: async () => {
      gone.abort();
      // A signal alone is not heard any more once the request has been collected as garbage.
      if (response.body?.locked) await events.return().catch(() => undefined);
      else await response.body?.cancel().catch(() => undefined);
    },
  };
};

const linesOf = (events: readonly ReceivedEvent[]): unknown[] =>
  events.filter(({ event }) => event === 'job_event').map(({ data }) => data['stdout']);

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);

describe('a job’s stream', () => {
  test('streams the status of a job, its output as it is recorded, and the end', async () => {
    const job = await newJob();
    await job.say('first');
    await using stream = await open(job.id, { as: USER });
    expect(stream.response.status).toBe(200);
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.response.headers.get('cache-control')).toContain('no-store');
    expect(await stream.next()).toMatchObject({ event: 'status', data: { id: job.id, status: 'running', attempt: 1 } });
    expect(await stream.next()).toMatchObject({
      ...{ event: 'job_event', id: '1' },
      data: { job: job.id, counter: 1, event: 'verbose', event_display: 'Verbose', stdout: 'first', event_data: {} },
    });
    const said = performance.now();
    await job.say('second', 'third');
    expect([await stream.next(), await stream.next()]).toMatchObject([{ id: '2' }, { id: '3' }]);
    expect(performance.now() - said).toBeLessThan(2_000);
    await job.become({ job_explanation: 'The connection broke.', status: 'pending' });
    expect(await stream.next()).toMatchObject({ event: 'status', data: { status: 'pending' } });
    await job.say('last');
    await job.become(success);
    expect((await stream.rest()).map(({ event, id }) => [event, id])).toEqual([
      ['job_event', '4'],
      ['status', ''],
      ['end', '4.end'],
    ]);
  });

  test.each(['header', 'query'])('continues a stream after the last event id in the %s', async (way) => {
    const job = await newJob();
    await job.say(...numbered(1, 10));
    const first = await open(job.id);
    const got: ReceivedEvent[] = [];
    while (got.length < 5) {
      const event = await first.next();
      if (event.event === 'job_event') got.push(event);
    }
    await first[Symbol.asyncDispose]();
    const id = got.at(-1)!.id;
    await job.say(...numbered(11, 12));
    const after = way === 'header' ? { headers: { 'Last-Event-ID': id } } : { query: `?last_event_id=${id}` };
    await using second = await open(job.id, after);
    await job.say(...numbered(13, 14));
    await job.become(success);
    expect([...linesOf(got), ...linesOf(await second.rest())]).toEqual(numbered(1, 14));
  });

  test('answers 204 to a reader that had the whole stream', async () => {
    const job = await newJob();
    await job.say('only');
    await job.become(success);
    const end = (await (await open(job.id)).rest()).at(-1);
    expect(end).toMatchObject({ event: 'end', id: '1.end', data: { status: 'successful' } });
    const again = await open(job.id, { headers: { 'Last-Event-ID': end!.id } });
    expect(again.response.status).toBe(204);
  });

  test('refuses a stream for an invalid id, an unknown job or no credentials', async () => {
    const { id } = await newJob();
    const bad = await open(id, { query: '?last_event_id=x' });
    expect([bad.response.status, await bad.response.json()]).toEqual([400, { last_event_id: [expect.any(String)] }]);
    expect((await open(999_999)).response.status).toBe(404);
    expect((await gateway.send(`/api/v1/jobs/${id}/events/stream/`, { as: null })).status).toBe(401);
    const head = await gateway.send(`/api/v1/jobs/${id}/events/stream`, { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
  });

  test('streams everything to each of many readers', async () => {
    const job = await newJob();
    await job.say(...numbered(1, 100));
    await job.say(...numbered(101, 150));
    const streams = await Promise.all(Array.from({ length: 50 }, () => open(job.id)));
    const reading = Promise.all(streams.map((stream) => stream.rest()));
    for (let from = 151; from <= 400; from += 25) await job.say(...numbered(from, from + 24));
    const before = performance.now();
    await job.become(success);
    for (const events of await reading) {
      expect(linesOf(events)).toEqual(numbered(1, 400));
      expect(events.at(-1)?.event).toBe('end');
    }
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test('limits a user to a hundred open streams', async () => {
    const job = await newJob();
    const url = `${gateway.url}/api/v1/jobs/${job.id}/events/stream`;
    const ask = (count: number): ClientRequest[] =>
      Array.from({ length: count }, () => {
        const sent = request(url, { headers: { Authorization: basic(USER) } }).end();
        return sent.on('error', () => undefined);
      });
    // Who goes away before the answer has begun takes no place.
    const hasty = ask(150);
    await new Promise((resolve) => setImmediate(resolve));
    for (const one of hasty) one.destroy();

    let streams: ClientRequest[] = [];
    const allOpen = async (): Promise<boolean> => {
      streams = ask(100);
      const answers = (await Promise.all(streams.map((one) => once(one, 'response')))) as [IncomingMessage][];
      if (answers.every(([{ statusCode }]) => statusCode === 200)) return true;
      for (const one of streams) one.destroy();
      return false;
    };
    await expect.poll(allOpen, { timeout: 20_000, interval: 200 }).toBe(true);
    const refused = await open(job.id, { as: USER });
    expect([refused.response.status, refused.response.headers.get('retry-after')]).toEqual([429, '5']);
    await using other = await open(job.id);
    expect(other.response.status).toBe(200);
    for (const one of streams) one.destroy();
    const again = async (): Promise<number> => {
      await using stream = await open(job.id, { as: USER });
      return stream.response.status;
    };
    await expect.poll(again, { timeout: 10_000 }).toBe(200);
  });

  test('buffers nothing for a slow reader', async () => {
    const job = await newJob();
    const long = 'x'.repeat(8_000);
    const count = 1_200;
    for (let from = 1; from <= count; from += 100) {
      await job.say(...numbered(from, from + 99).map((text) => `${text} ${long}`));
    }
    await job.become(success);
    const sent = request(`${gateway.url}/api/v1/jobs/${job.id}/events/stream`, {
      headers: { Authorization: basic(ADMIN) },
    }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    await new Promise((resolve) => response.once('readable', resolve));
    // Nothing is read for a while, so the last of the 10 MB have not been taken from the table: what changes there is seen.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await gateway.sql("update executor.job_events set stdout = 'changed' where job_uuid = $1 and counter = $2", [
      job.uuid,
      count,
    ]);
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
    const counters = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(counters).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    expect(text).toContain('"stdout":"changed"');
    expect(text).toContain(`id: ${count}.end`);
  });
});

test('ends streams when the gateway stops', async () => {
  await using other = await startTestGateway();
  const uuid = randomUUID();
  const kinds = { job_type: 'job', launch_type: 'manual', status: 'running' };
  await other.insert('scheduler.jobs', { id: 1, uuid, name: 'Backup', ...kinds });
  const stream = await open(1, { url: other.url });
  expect(await stream.next()).toMatchObject({ event: 'status' });
  const before = performance.now();
  const [rest] = await Promise.all([stream.rest(), other.stop()]);
  expect(rest).toEqual([]);
  expect(performance.now() - before).toBeLessThan(5_000);
});
