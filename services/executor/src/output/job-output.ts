import {
  jobOutputRecorded,
  outputStream,
  type JobProgress,
  type OutputKind,
  type OutputLine,
} from '@cyborgbackup/contracts';
import { eventId } from '@cyborgbackup/event-store';
import { currentContext, delay, isoMicros, messageOf, readable, systemContext } from '@cyborgbackup/kernel';
import { drawIdBlock, type ServiceParts } from '@cyborgbackup/service';
import { redactor } from './redactor.ts';

/** As recorded; the time to go may be left out. */
export type ProgressFigures = Omit<JobProgress, 'eta'> & { readonly eta?: number | null };

/** The output of one attempt of a job on its way into the log. */
export interface JobOutput {
  /** Adds text, which may have several lines. Secrets in it are replaced. */
  write(event: OutputKind, text: string): void;
  /** Adds a line for people together with its figures; at most one a second is kept, fewer later, the last one always. */
  progress(text: string, progress: ProgressFigures): void;
  /** From now on this text is replaced wherever it appears. */
  hide(secret: string): void;
  /** Everything written so far is in the log when this resolves. */
  flush(): Promise<void>;
}

const BATCH_LINES = 100;
const BATCH_BYTES = 64 * 1024;
const LINE_BYTES = 16 * 1024;
const FLUSH_MILLIS = 500;
/** Progress is kept once a second at first, and later once in a six-hundredth of the time it has taken so far. */
const PROGRESS_MILLIS = 1_000;
const PROGRESS_SHARE = 600;
/** Beyond this many lines only errors are kept: nobody reads more, and a disk of unreadable files may bring millions. */
const MOST_LINES = 20_000;
const ALWAYS_KEPT = new Set<OutputKind>(['error', 'system_warning']);
/** When the log is slower than borg: beyond this many waiting lines, further ones are counted instead of kept. */
const WAITING_LINES = 10_000;

/** How often the end of the output is tried, half a second apart: a job's result must not wait for ever for its text. */
const LAST_ATTEMPTS = 20;

type Draft = Omit<OutputLine, 'counter' | 'start_line' | 'end_line'>;

const takeBatch = (waiting: Draft[]): Draft[] => {
  let bytes = 0;
  const fits = waiting.findIndex((line, index) => {
    bytes += line.stdout.length;
    return index >= BATCH_LINES || (index > 0 && bytes > BATCH_BYTES);
  });
  return waiting.splice(0, fits === -1 ? waiting.length : fits);
};

/** The counter and the line number that an earlier attempt ended with. */
const readEnd = async ({ store }: ServiceParts, stream: string): Promise<{ counter: number; line: number }> => {
  let end = { counter: 0, line: 0 };
  for await (const { type, data } of store.readStream(stream)) {
    if (type !== jobOutputRecorded.type) continue;
    const last = jobOutputRecorded.schema.parse(data).lines.at(-1);
    if (last) end = { counter: last.counter, line: last.end_line };
  }
  return end;
};

/**
 * Collects lines for half a second, or until a batch is full, and appends them as one event. Output is for people: a log
 * that cannot take it now holds up nobody, the lines wait (a bounded number of them) and are tried again.
 */
export const createJobOutput = async (parts: ServiceParts, job: string): Promise<JobOutput> => {
  const stream = outputStream(job);
  const hidden = redactor();
  const context = currentContext() ?? systemContext('executor');
  const end = await readEnd(parts, stream);
  const waiting: Draft[] = [];
  let dropped = 0;
  let lines = 0;
  let leftOut = 0;
  const begun = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let lastProgress = 0;
  let heldProgress: Draft | undefined;
  let writing = Promise.resolve();

  const shown = (text: string): string => readable(hidden.clean(text).slice(0, LINE_BYTES));

  const numbered = (drafts: readonly Draft[]): OutputLine[] =>
    drafts.map((draft) => {
      const start_line = end.line;
      end.line += draft.stdout.split('\n').length;
      end.counter += 1;
      return { ...draft, counter: end.counter, start_line, end_line: end.line };
    });

  const append = async (lines: readonly OutputLine[]): Promise<void> => {
    const first_id = await drawIdBlock(parts.pool, 'job_event', lines.length);
    const id = eventId(job, stream, lines[0]?.counter ?? 0);
    const event = await parts.codec.encode(
      { type: jobOutputRecorded.type, data: { job, first_id, lines } },
      { id, context },
    );
    await parts.store.append(stream, [event], 'any');
  };

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const before = { ...end };
      const drafts = takeBatch(waiting);
      try {
        await append(numbered(drafts));
      } catch (error) {
        Object.assign(end, before);
        waiting.unshift(...drafts);
        parts.logger.warn({ job, reason: messageOf(error) }, 'job output could not be recorded yet');
        return;
      }
    }
  };

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(writeAll);
    return writing;
  };

  const add = (draft: Draft): void => {
    if (waiting.length >= WAITING_LINES) {
      dropped += 1;
      return;
    }
    if (dropped > 0) {
      const stdout = `[${dropped} lines were dropped: they came faster than they could be recorded]`;
      waiting.push({ event: 'system_warning', stdout, created: isoMicros() });
      dropped = 0;
    }
    waiting.push(draft);
    if (waiting.length >= BATCH_LINES) void flush();
    else timer ??= setTimeout(() => void flush(), FLUSH_MILLIS);
  };

  const release = (): void => {
    if (heldProgress) add(heldProgress);
    heldProgress = undefined;
  };

  return {
    write: (event, text) => {
      release();
      lines += 1;
      if (lines > MOST_LINES && !ALWAYS_KEPT.has(event)) {
        leftOut += 1;
        return;
      }
      const stdout = shown(text.trimEnd());
      add({ event, stdout, created: isoMicros() });
    },
    progress: (text, progress) => {
      const draft: Draft = {
        event: 'verbose',
        stdout: shown(text),
        progress: { ...progress, path: readable(progress.path), eta: progress.eta ?? null },
        created: isoMicros(),
      };
      const now = Date.now();
      if (now - lastProgress < Math.max(PROGRESS_MILLIS, (now - begun) / PROGRESS_SHARE)) {
        heldProgress = draft;
        return;
      }
      lastProgress = now;
      heldProgress = undefined;
      add(draft);
    },
    hide: (secret) => hidden.hide(secret),
    flush: async () => {
      release();
      if (leftOut > 0) {
        const stdout = `[${leftOut} lines were left out: only errors are kept after the first ${MOST_LINES} lines]`;
        add({ event: 'system_warning', stdout, created: isoMicros() });
        leftOut = 0;
      }
      for (let attempt = 0; attempt < LAST_ATTEMPTS; attempt += 1) {
        await flush();
        if (waiting.length === 0) return;
        await delay(FLUSH_MILLIS);
      }
      parts.logger.error({ job, lines: waiting.length }, 'the end of a job output was lost');
    },
  };
};
