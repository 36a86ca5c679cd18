import { OUTPUT_KINDS } from '@cyborgbackup/contracts';
import { hasCode, messageOf, type Logger } from '@cyborgbackup/kernel';
import type { JobChangeFeed, JobWatch } from '../../../db/job-change-feed.ts';
import { shortIsoOrNull } from '../../../db/timestamps.ts';
import { jsonText } from '../../../http/core/json-text.ts';
import { elapsedSeconds, isActive } from '../present.ts';
import { terminalText } from '../terminal-text.ts';
import type { JobEventRow } from '../../../lists/sources/job-events.ts';
import type { JobRow } from '../../../lists/sources/jobs.ts';

/*
 * The events of a job's stream, in this order, until the job has ended or the reader is gone:
 *
 *   status     at once, and with every transition
 *   job_event  each line of output after the one that the reader has, its counter being the id
 *   end        once, when the job has ended and all its output was sent
 *
 * Everything is read from the tables when the reader takes it, so a slow reader delays no other, and nothing is buffered for it.
 * See docs/decisions/0013-streams-read-tables.md.
 */

/** A line of a job's output as the table has it. */
export type StreamedLine = Pick<
  JobEventRow,
  'id' | 'counter' | 'event' | 'stdout' | 'start_line' | 'end_line' | 'progress' | 'created'
>;

/** `final` once all lines are in the table. */
type LinesVersion = number | 'final';

export interface JobStreamDeps {
  readonly changes: Pick<JobChangeFeed, 'waitForTables'>;
  readonly watch: JobWatch;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly readJob: (version: number) => Promise<JobRow>;
  /** The next lines; none only when the table has no more, as of this version of the job. */
  readonly readLines: (version: LinesVersion, after: number) => Promise<readonly StreamedLine[]>;
  /** @throws HttpError when the reader is no longer authorized */
  readonly reauthorize: () => Promise<void>;
  /** The counter of the last line that the reader has; 0 for none. */
  readonly after: number;
  readonly signal: AbortSignal;
}

const HEARTBEAT_MILLIS = 15_000;
/** While the database cannot be reached, or the end of the output is not in the table yet. */
const RETRY_MILLIS = 1_000;

/** behind = the tables lag behind the log, or cannot be read. */
type Progress = 'current' | 'behind' | 'ended';

const statusOf = (row: JobRow, now: number): object => ({
  id: row.id,
  status: row.status,
  failed: row.failed,
  attempt: row.attempt,
  executor: row.executor,
  started: shortIsoOrNull(row.started),
  finished: shortIsoOrNull(row.finished),
  elapsed: elapsedSeconds(row, now),
  archive_name: row.archive_name,
  job_explanation: row.job_explanation,
  warnings: row.warnings,
});

/**
 * One message of a stream of server-sent events. JSON has no line breaks, so one `data` line is enough.
 * @param message.id a reader that comes back sends it as Last-Event-ID
 */
const serverSentEvent = ({ event, id, data }: { event: string; id?: string; data: unknown }): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${jsonText(data)}\n\n`;

/** Keeps proxies from closing a silent connection, and fails when the reader is gone. */
const HEARTBEAT = ': still here\n\n';

const lineOf = (job: number, { progress, ...line }: StreamedLine): string =>
  serverSentEvent({
    event: 'job_event',
    id: String(line.counter),
    data: {
      job,
      ...line,
      stdout: terminalText(line.stdout),
      event_display: OUTPUT_KINDS[line.event],
      event_data: progress ?? {},
    },
  });

/** The id of the last event: a reader that comes back with it has had everything. */
export const END_ID = /^(\d{1,10})\.end$/;

export async function* jobStream(deps: JobStreamDeps): AsyncGenerator<string, void> {
  const { changes, watch, logger, signal } = deps;
  let after = deps.after;
  let sentState = '';

  async function* newLines(version: LinesVersion, job: number): AsyncGenerator<string, void> {
    for (;;) {
      const lines = await deps.readLines(version, after);
      const last = lines.at(-1);
      if (!last) return;
      yield lines.map((line) => lineOf(job, line)).join('');
      after = last.counter;
    }
  }

  function* newStatus(row: JobRow): Generator<string, void> {
    // Compared without the elapsed time, which always differs while the job runs.
    const state = JSON.stringify(statusOf(row, 0));
    if (state !== sentState) yield serverSentEvent({ event: 'status', data: statusOf(row, deps.now()) });
    sentState = state;
  }

  async function* everythingNew(version: number): AsyncGenerator<string, Progress> {
    const row = await deps.readJob(version);
    if (isActive(row)) {
      yield* newStatus(row);
      yield* newLines(version, row.id);
      return 'current';
    }
    // An executor records all output before the result.
    const isComplete = await changes.waitForTables();
    yield* newLines('final', row.id);
    yield* newStatus(row);
    if (!isComplete) return 'behind';
    yield serverSentEvent({ event: 'end', id: `${after}.end`, data: statusOf(row, deps.now()) });
    return 'ended';
  }

  let nextBeat = deps.now() + HEARTBEAT_MILLIS;

  async function* beat(): AsyncGenerator<string, void> {
    if (deps.now() < nextBeat) return;
    nextBeat = deps.now() + HEARTBEAT_MILLIS;
    yield HEARTBEAT;
    await deps.reauthorize();
  }

  /** Sends all there is now. Stops early when the database cannot be reached. */
  async function* sendAll(version: number): AsyncGenerator<string, Progress> {
    try {
      yield* beat();
      return yield* everythingNew(version);
    } catch (error) {
      if (!hasCode(error, 'unavailable')) throw error;
      logger.warn({ reason: messageOf(error) }, 'a stream of a job waits for the database');
      return 'behind';
    }
  }

  // How long a reader waits before it comes back.
  yield `retry: ${RETRY_MILLIS}\n\n`;
  while (!signal.aborted) {
    const version = watch.version();
    const progress = yield* sendAll(version);
    if (progress === 'ended') return;
    const untilBeat = Math.max(1, nextBeat - deps.now());
    await watch.changed(version, { millis: progress === 'behind' ? RETRY_MILLIS : untilBeat, signal });
  }
}
