import { AppError } from '@cyborgbackup/kernel';
import { createLogger } from '@cyborgbackup/kernel';
import { describe, expect, test } from 'vitest';
import { HttpError } from '../../../http/core/http-error.ts';
import type { JobRow } from '../../../lists/sources/jobs.ts';
import { jobStream, type JobStreamDeps, type StreamedLine } from './job-stream.ts';

const row = (changes: Partial<JobRow> = {}): JobRow =>
  ({
    ...{ id: 7, uuid: 'u', status: 'running', failed: false, attempt: 1, executor: 'e1', archive_name: null },
    ...{ started: '2026-01-01T00:00:00.000000Z', finished: null, job_explanation: '', warnings: [] },
    ...changes,
  }) as JobRow;

const line = (counter: number): StreamedLine => ({
  ...{
    id: 100 + counter,
    counter,
    event: 'verbose',
    stdout: `line ${counter}`,
    start_line: counter,
    end_line: counter,
  },
  ...{ progress: null, created: '2026-01-01T00:00:01.000000Z' },
});

interface Stage {
  now: number;
  job: JobRow;
  lines: StreamedLine[];
  isComplete: boolean;
  /** Called each time the stream waits; what it does is what happens meanwhile. */
  onWait: (millis: number) => void;
  onRead: () => void;
  onReauthorize: () => void;
}

const stage = (changes: Partial<Stage> = {}): Stage => ({
  ...{ now: Date.parse('2026-01-01T00:00:10Z'), job: row(), lines: [], isComplete: true },
  ...{ onWait: () => undefined, onRead: () => undefined, onReauthorize: () => undefined },
  ...changes,
});

const depsOf = (on: Stage, after = 0, signal = new AbortController().signal): JobStreamDeps => ({
  changes: { waitForTables: async () => on.isComplete },
  watch: {
    version: () => 1,
    changed: async (_version, { millis }) => {
      on.onWait(millis);
      on.now += millis;
      return false;
    },
    close: () => undefined,
  },
  logger: createLogger('test', 'silent'),
  now: () => on.now,
  readJob: async () => {
    on.onRead();
    return on.job;
  },
  readLines: async (_version, from) => on.lines.filter(({ counter }) => counter > from).slice(0, 2),
  reauthorize: async () => on.onReauthorize(),
  after,
  signal,
});

/** The stream as one text, with `event: id` of each event in front. */
const read = async (parts: JobStreamDeps): Promise<{ readonly text: string; readonly seen: string[] }> => {
  let text = '';
  for await (const chunk of jobStream(parts)) text += chunk;
  const seen = [...text.matchAll(/^event: (\w+)\n(?:id: (\S+)\n)?/gm)].map(([, event, id]) => `${event} ${id ?? '-'}`);
  return { text, seen };
};

const ended = row({ status: 'successful', finished: '2026-01-01T00:00:12.000000Z' });

describe('a stream', () => {
  test('sends the remaining output, the status and the end of a job that has ended', async () => {
    const on = stage({ job: ended, lines: [1, 2, 3, 4].map(line) });
    expect((await read(depsOf(on, 1))).seen).toEqual([
      'job_event 2',
      'job_event 3',
      'job_event 4',
      'status -',
      'end 4.end',
    ]);
  });

  test('sends each status once', async () => {
    const states = [row({ job_explanation: 'The connection broke.' }), row({ attempt: 2 }), ended];
    const on = stage({
      onWait: () => {
        on.job = states.shift() ?? on.job;
      },
    });
    const { text, seen } = await read(depsOf(on));
    expect(seen).toEqual(['status -', 'status -', 'status -', 'status -', 'end 0.end']);
    expect(text).toContain('"job_explanation":"The connection broke."');
  });

  test('does not end before the end of the output is in the table', async () => {
    const waits: number[] = [];
    const on = stage({
      ...{ job: ended, lines: [line(1)], isComplete: false },
      onWait: (millis) => {
        waits.push(millis);
        on.lines.push(line(2));
        on.isComplete = true;
      },
    });
    expect((await read(depsOf(on))).seen).toEqual(['job_event 1', 'status -', 'job_event 2', 'end 2.end']);
    expect(waits).toEqual([1_000]);
  });

  test('sends progress as figures', async () => {
    const progress = { phase: 'create', files: 3, original_size: 10, compressed_size: 5, deduplicated_size: 2 };
    const on = stage({
      job: ended,
      lines: [{ ...line(1), progress: { ...progress, rate: 1.5, path: 'etc/hosts', eta: 12 } }],
    });
    expect((await read(depsOf(on))).text).toContain(
      '"event_data":{"phase":"create","files":3,"original_size":10,"compressed_size":5,"deduplicated_size":2,"rate":1.5,"path":"etc/hosts","eta":12}',
    );
  });

  test('sends a heartbeat every 15 seconds, and authorizes the reader again', async () => {
    let beats = 0;
    const on = stage({
      onReauthorize: () => {
        beats += 1;
        if (beats === 3) throw new HttpError(401, { detail: 'Given token not valid for any token type' });
      },
    });
    let text = '';
    const reading = (async () => {
      for await (const chunk of jobStream(depsOf(on))) text += chunk;
    })();
    await expect(reading).rejects.toMatchObject({ status: 401 });
    expect(text.match(/^: still here$/gm)).toHaveLength(3);
  });

  test('continues after the database could not be reached', async () => {
    const waits: number[] = [];
    let failures = 2;
    const on = stage({
      ...{ job: ended, onWait: (millis) => waits.push(millis) },
      onRead: () => {
        failures -= 1;
        if (failures >= 0) throw new AppError('unavailable', 'The database cannot be reached right now.');
      },
    });
    expect((await read(depsOf(on))).seen).toEqual(['status -', 'end 0.end']);
    expect(waits).toEqual([1_000, 1_000]);
  });

  test('ends when its reader is gone', async () => {
    const gone = new AbortController();
    const on = stage({ onWait: () => gone.abort() });
    expect((await read(depsOf(on, 0, gone.signal))).seen).toEqual(['status -']);
  });
});
