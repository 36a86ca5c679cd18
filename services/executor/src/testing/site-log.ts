import {
  jobEvolver,
  jobOutputRecorded,
  jobStream,
  outputLines,
  outputStream,
  type JobState,
  type OutputLine,
} from '@cyborgbackup/contracts';
import { eventId, loadState } from '@cyborgbackup/event-store';
import { systemContext, type DomainEvent, type NewEvent } from '@cyborgbackup/kernel';
import type { ServiceDeps } from '@cyborgbackup/service';
import { randomUUID } from 'node:crypto';

export interface EndedJob extends JobState {
  readonly job: string;
  readonly types: readonly string[];
  /** Data of the last event. */
  readonly end: Readonly<Record<string, unknown>>;
  readonly events: readonly DomainEvent[];
}

/** The log and the other services, as a test of jobs sees and plays them. */
export interface SiteLog {
  append(stream: string, ...events: readonly DomainEvent[]): Promise<void>;
  /** As if by a process whose clock says so (ISO 8601). */
  appendAt(occurredAt: string, stream: string, ...events: readonly DomainEvent[]): Promise<void>;
  /** Answers an RPC in place of a service, until `close` or until the function it returns is called. */
  answer(subject: string, handle: (data: never) => unknown): () => void;
  /** Resolves with the job's first event of the type. */
  event(job: string, type: string): Promise<DomainEvent>;
  ended(job: string): Promise<EndedJob>;
  lines(job: string): Promise<readonly OutputLine[]>;
  output(job: string): Promise<string>;
  close(): void;
}

const END = 'job-(succeeded|failed|canceled)';

export const createSiteLog = ({ codec, connection, store }: ServiceDeps): SiteLog => {
  const stops: (() => void)[] = [];
  const encode = (stream: string, events: readonly DomainEvent[]): Promise<NewEvent[]> => {
    const context = systemContext('test');
    return Promise.all(
      events.map((one, index) => codec.encode(one, { id: eventId(randomUUID(), stream, index), context })),
    );
  };

  const event: SiteLog['event'] = async (job, type) => {
    const found = new AbortController();
    let result: DomainEvent | undefined;
    for await (const page of store.subscribe({ after: 0n, signal: found.signal })) {
      result ??= page.events.find((one) => one.stream === jobStream(job) && new RegExp(`^${type}$`).test(one.type));
      if (result) found.abort();
    }
    if (!result) throw new Error(`${type} did not come`);
    return result;
  };

  const lines: SiteLog['lines'] = async (job) => {
    const all: OutputLine[] = [];
    for await (const { data } of store.readStream(outputStream(job))) {
      all.push(...outputLines(jobOutputRecorded.schema.parse(data)));
    }
    return all;
  };

  return {
    event,
    lines,
    output: async (job) => (await lines(job)).map(({ stdout }) => stdout).join('\n'),
    append: async (stream, ...events) => {
      await store.append(stream, await encode(stream, events), 'any');
    },
    appendAt: async (at, stream, ...events) => {
      const occurredAt = at.replace(/\.(\d{3})Z$/, '.$1000Z');
      const encoded = await encode(stream, events);
      const dated = encoded.map((one) => ({ ...one, metadata: { ...one.metadata, occurredAt } }));
      await store.append(stream, dated, 'any');
    },
    answer: (subject, handle) => {
      const subscription = connection.nats.subscribe(subject, {
        callback: (_error, message) => {
          const { id, data } = message.json<{ id: string; data: never }>();
          void Promise.resolve(handle(data)).then((response) =>
            message.respond(JSON.stringify({ id, isDisposed: true, response })),
          );
        },
      });
      const stop = (): void => subscription.unsubscribe();
      stops.push(stop);
      return stop;
    },
    ended: async (job) => {
      await event(job, END);
      const { state } = await loadState({ codec, store }, jobEvolver, jobStream(job));
      const events: DomainEvent[] = [];
      for await (const one of store.readStream(jobStream(job))) events.push(await codec.decode(one));
      const end = events.at(-1)?.data as Record<string, unknown>;
      return { ...state, job, types: events.map(({ type }) => type), end, events };
    },
    close: () => {
      for (const stop of stops) stop();
    },
  };
};
