import {
  jobOutputRecorded,
  outputLines,
  outputStream,
  type JobProgress,
  type OutputEvent,
  type OutputKind,
  type RecordedLine,
} from '@cyborgbackup/contracts';
import { eventId } from '@cyborgbackup/event-store';
import { currentContext, delay, hasCode, isoMicros, messageOf, readable, systemContext } from '@cyborgbackup/kernel';
import { drawIdBlock, type KeylessDeps } from '@cyborgbackup/service';
import { createOutputBudget } from './output-budget.ts';
import { redactor, type Redactor } from './redactor.ts';

/** The output of one attempt of a job on its way into the log; what its redactor hides is replaced in it. */
export interface JobOutput extends Redactor {
  /** Adds text, which may have several lines. Secrets in it are replaced. */
  write(event: OutputKind, text: string): void;
  /** Adds a line for people together with its figures; one a second is kept, fewer later, and the last one always. */
  progress(text: string, figures: Partial<JobProgress> & Pick<JobProgress, 'phase'>): void;
  /** Everything written so far is in the log when this resolves. */
  flush(): Promise<void>;
}

/** Figures that an operation does not give. */
const NO_FIGURES = {
  files: 0,
  original_size: 0,
  compressed_size: 0,
  deduplicated_size: 0,
  rate: 0,
  eta: null,
};

const BATCH_LINES = 100;
const BATCH_BYTES = 64 * 1024;
const LINE_BYTES = 16 * 1024;
/** Whoever watches sees a line so much later. A job that is over sooner has all its output in one event. */
const FLUSH_MILLIS = 2_000;
const RETRY_MILLIS = 500;
/** Progress is kept once a second, and later once in a six-hundredth of the time it has taken so far. */
const PROGRESS_MILLIS = 1_000;
const PROGRESS_SHARE = 600;
/** Of a line of progress and its path; a new one comes every second. */
const PROGRESS_BYTES = 4 * 1024;
/** When the log is slower than borg: beyond this many waiting lines or bytes, further ones are counted instead of kept. */
const WAITING_LINES = 10_000;
const WAITING_BYTES = 4 * 1024 * 1024;

/** How often the end of the output is tried: a job's result must not wait for ever for its text. */
const LAST_TRIES = 20;

type Draft = RecordedLine;

const bytesOf = (drafts: readonly Draft[]): number =>
  drafts.reduce(
    (bytes, { stdout, progress }) => bytes + Buffer.byteLength(stdout) + Buffer.byteLength(progress?.path ?? ''),
    0,
  );

const takeBatch = (waiting: Draft[]): Draft[] => {
  let bytes = 0;
  const fits = waiting.findIndex((line, index) => {
    bytes += line.stdout.length;
    return index >= BATCH_LINES || (index > 0 && bytes > BATCH_BYTES);
  });
  return waiting.splice(0, fits === -1 ? waiting.length : fits);
};

/** The end of a job's output in the log: the stream's version, the last counter, and the line after the last. */
interface OutputEnd {
  readonly version: number;
  readonly counter: number;
  readonly line: number;
}

const readEnd = async ({ store }: KeylessDeps, stream: string): Promise<OutputEnd> => {
  let end: OutputEnd = { version: 0, counter: 0, line: 0 };
  for await (const { data, version } of store.readStream(stream)) {
    end = endOf(version, jobOutputRecorded.schema.parse(data), end);
  }
  return end;
};

const endOf = (version: number, data: OutputEvent['data'], before: OutputEnd): OutputEnd => {
  const last = outputLines(data).at(-1);
  return { version, counter: last?.counter ?? before.counter, line: last?.end_line ?? before.line };
};

/**
 * Collects lines for two seconds, or until a batch is full, and appends them as one event. Output is for people: while the log
 * cannot take it, the job goes on, and the lines wait (a bounded number of them) and are tried again.
 *
 * A batch whose append failed may be in the log all the same. So it is tried again as it is, with the same lines under the
 * same event id behind the same version, until the log says either that it is there or that another attempt's output is:
 * then the batch goes behind that.
 */
export const createJobOutput = async (deps: KeylessDeps, job: string, attempt: number): Promise<JobOutput> => {
  const stream = outputStream(job);
  const hidden = redactor();
  const context = currentContext() ?? systemContext('executor');
  let end = await readEnd(deps, stream);
  const waiting: Draft[] = [];
  let sending: readonly Draft[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  const budget = createOutputBudget();
  let heldError: Draft | undefined;
  const begun = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let lastProgress = begun;
  let heldProgress: (() => Draft) | undefined;
  let writing = Promise.resolve();

  const redacted = (text: string, maxLength = LINE_BYTES): string => {
    const clean = hidden.clean(text);
    return readable(clean.length > maxLength ? `${clean.slice(0, maxLength)}…` : clean);
  };

  /** False when another attempt's output came first. */
  const append = async (drafts: readonly Draft[]): Promise<boolean> => {
    const first_id = await drawIdBlock(deps.pool, 'job_event', drafts.length);
    const data = { job, first_id, first_counter: end.counter + 1, lines_before: end.line, lines: [...drafts] };
    const id = eventId(`${job}/${attempt}`, stream, end.counter);
    const event = await deps.codec.encode({ type: jobOutputRecorded.type, data }, { id, context });
    try {
      const { version } = await deps.store.append(stream, [event], end.version);
      end = endOf(version, data, end);
      return true;
    } catch (error) {
      if (!hasCode(error, 'version-conflict')) throw error;
      end = await readEnd(deps, stream);
      return false;
    }
  };

  const writeAll = async (): Promise<void> => {
    try {
      for (;;) {
        if (sending.length === 0) {
          sending = takeBatch(waiting);
          waitingBytes -= bytesOf(sending);
        }
        if (sending.length === 0) return;
        if (await append(sending)) sending = [];
      }
    } catch (error) {
      deps.logger.warn({ job, reason: messageOf(error) }, 'job output could not be recorded yet');
    }
  };

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(writeAll);
    return writing;
  };

  const isBehind = (): boolean => waiting.length >= WAITING_LINES || waitingBytes >= WAITING_BYTES;

  const push = (draft: Draft): void => {
    const bytes = bytesOf([draft]);
    budget.spend(bytes);
    waitingBytes += bytes;
    waiting.push(draft);
  };

  const add = (draft: Draft): void => {
    if (isBehind()) {
      dropped += 1;
      return;
    }
    if (dropped > 0) {
      const stdout = `[${dropped} lines were dropped: they came faster than they could be recorded]`;
      push({ event: 'system_warning', stdout, created: isoMicros() });
      dropped = 0;
    }
    push(draft);
    if (waiting.length >= BATCH_LINES) void flush();
    else timer ??= setTimeout(() => void flush(), FLUSH_MILLIS);
  };

  const release = (): void => {
    if (heldProgress && budget.hasRoom()) add(heldProgress());
    heldProgress = undefined;
  };

  /** The last error, which was held back for lack of room. */
  const releaseError = (): void => {
    if (!heldError || isBehind()) return;
    add(heldError);
    heldError = undefined;
  };

  const addLast = (): void => {
    releaseError();
    const summary = budget.takeSummary();
    if (summary !== undefined) add({ event: 'system_warning', stdout: summary, created: isoMicros() });
  };

  return {
    write: (event, text) => {
      release();
      const decision = budget.decide(event);
      if (decision === 'leave-out') return;
      const kind = event === 'verbose' ? {} : { event };
      const draft = { ...kind, stdout: redacted(text.trimEnd()), created: isoMicros() };
      if (decision === 'keep' && (event !== 'error' || !isBehind())) {
        releaseError();
        return add(draft);
      }
      if (heldError) budget.leaveOut();
      heldError = draft;
    },
    progress: (text, figures) => {
      const created = isoMicros();
      const draft = (): Draft => ({
        stdout: redacted(text, PROGRESS_BYTES),
        progress: { ...NO_FIGURES, ...figures, path: redacted(figures.path ?? '', PROGRESS_BYTES) },
        created,
      });
      const now = Date.now();
      if (now - lastProgress < Math.max(PROGRESS_MILLIS, (now - begun) / PROGRESS_SHARE)) {
        heldProgress = draft;
        return;
      }
      lastProgress = now;
      heldProgress = undefined;
      if (budget.hasRoom()) add(draft());
    },
    ...hidden,
    flush: async () => {
      release();
      if (isBehind()) await flush();
      addLast();
      for (let tries = 0; tries < LAST_TRIES; tries += 1) {
        await flush();
        if (sending.length + waiting.length === 0) return;
        await delay(RETRY_MILLIS);
      }
      deps.logger.error({ job, lines: sending.length + waiting.length }, 'the end of a job output was lost');
    },
  };
};
