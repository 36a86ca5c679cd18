import { Readable } from 'node:stream';
import { z } from 'zod';
import { outsideReadScope } from '../../../db/read-scope.ts';
import type { GatewayDeps } from '../../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../../http/core/endpoint.ts';
import { invalidFields } from '../../../http/core/http-error.ts';
import { findJob, jobOf } from '../find-job.ts';
import { isActive } from '../present.ts';
import type { JobRow } from '../../../lists/sources/jobs.ts';
import { END_ID, jobStream, type StreamedLine } from './job-stream.ts';
import { createOpenStreams } from './open-streams.ts';

const MEDIA_TYPE = 'text/event-stream';

/** Lines read at once: up to 16 KiB each. */
const LINES = 100;
/** A reader that takes nothing for so long is disconnected; it may come back with its last event id. */
const STALLED_MILLIS = 60_000;
/** How long a stream that is not read may take to end when the gateway stops. */
const STOP_MILLIS = 1_000;

const DETAILS = [
  '`status` comes at once and with every transition; `job_event` for each line of output, its id being the line’s counter,',
  'with the figures of borg’s progress in `event_data` (files, original_size, compressed_size and deduplicated_size in',
  'bytes, rate in bytes per second, path, eta in seconds); `end` once, when the job has ended and all its output was sent.',
  'The header `Last-Event-ID`, which comes before `last_event_id`, goes on after the event with that id. A comment every 15',
  'seconds keeps the connection alive.',
].join(' ');

/** The id of the last event that the reader has, from the header that browsers send, or from the query. */
const lastEventId = (request: ApiRequest): string =>
  request.header('Last-Event-ID') || (request.query.get('last_event_id') ?? '');

const readCounter = (id: string): number => {
  if (id === '') return 0;
  if (!/^\d{1,9}$/.test(id)) throw invalidFields({ last_event_id: ['Send the id of an event of this stream.'] });
  return Number(id);
};

/** Callers with the same key share one call while it is running. Nothing is cached after that. */
const shareInFlight = <Args extends readonly unknown[], Value>(
  keyOf: (...args: Args) => string,
  work: (...args: Args) => Promise<Value>,
): ((...args: Args) => Promise<Value>) => {
  const running = new Map<string, Promise<Value>>();
  return (...args) => {
    const key = keyOf(...args);
    const shared = running.get(key);
    if (shared) return shared;
    const value = outsideReadScope(() => work(...args)).finally(() => running.delete(key));
    running.set(key, value);
    return value;
  };
};

/** Aborts a stream whose reader takes nothing for a minute. */
async function* whileRead(source: AsyncIterable<string>, abort: () => void): AsyncGenerator<string, void> {
  for await (const text of source) {
    const timer = setTimeout(abort, STALLED_MILLIS);
    try {
      yield text;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Releases the resources of the stream when it closes for any reason. */
const readableOf = (source: AsyncIterable<string>, stopping: AbortSignal, close: () => void): Readable => {
  const body: Readable = Readable.from(
    whileRead(source, () => body.destroy()),
    { objectMode: false },
  );
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    timer = setTimeout(() => body.destroy(), STOP_MILLIS);
  };
  stopping.addEventListener('abort', stop, { once: true });
  body.once('close', () => {
    clearTimeout(timer);
    stopping.removeEventListener('abort', stop);
    close();
  });
  return body;
};

export const jobStreamRoute = (deps: GatewayDeps): Endpoint => {
  const { jobChanges, reader, clock, logger } = deps;
  const openStreams = createOpenStreams();

  // Readers of one job that are woken together share their queries.
  const readJob = shareInFlight(
    (id: number, version: number) => `${id}:${version}`,
    (id) => findJob(deps, id),
  );
  const readLines = shareInFlight(
    ({ uuid, after, version }: { uuid: string; after: number; version: number | 'final' }) =>
      `${uuid}:${after}:${version}`,
    ({ uuid, after }) =>
      reader.rows<StreamedLine>(
        `select id, counter, event, stdout, start_line, end_line, progress, created from executor.job_events
          where job_uuid = $1 and counter > $2 order by counter limit ${LINES}`,
        [uuid, after],
      ),
  );

  const open = (request: ApiRequest, { id, uuid }: JobRow, after: number): Readable => {
    const release = openStreams.enter(request.caller().uuid);
    const watch = jobChanges.watch(uuid);
    const gone = new AbortController();
    const source = jobStream({
      ...{ changes: jobChanges, watch, logger, after, now: clock.now, reauthorize: request.reauthorize },
      readJob: (version) => readJob(id, version),
      readLines: (version, from) => readLines({ uuid, after: from, version }),
      signal: AbortSignal.any([request.signal, jobChanges.stopping, gone.signal]),
    });
    return readableOf(source, jobChanges.stopping, () => {
      gone.abort();
      watch.close();
      release();
    });
  };

  const answer = async (request: ApiRequest): Promise<ApiAnswer> => {
    const job = await jobOf(deps, request);
    const id = lastEventId(request);
    // Browsers come back until they are told that there is nothing more.
    if (END_ID.test(id) && !isActive(job)) return { status: 204, body: undefined };
    const after = readCounter(id.replace(/\.end$/, ''));
    const common = { type: `${MEDIA_TYPE}; charset=utf-8`, headers: { 'X-Accel-Buffering': 'no' } };
    return { ...common, body: request.isHead ? '' : open(request, job, after) };
  };

  return endpoint({
    route: 'GET /api/v1/jobs/:id/events/stream',
    access: 'user',
    summary: 'Follow the job by server-sent events',
    details: DETAILS,
    query: z.object({
      last_event_id: z
        .string()
        .describe('Go on after the event with this id; the header Last-Event-ID comes first.')
        .optional(),
    }),
    answers: z.string(),
    media: [MEDIA_TYPE],
    statuses: { 204: 'The reader had it all.', 429: 'This user has 100 streams open.' },
    handle: answer,
  });
};
