import { jobOutputRecorded, outputLines, outputStream, type OutputLine } from '@cyborgbackup/contracts';
import { startTestDeps, type TestDeps } from '@cyborgbackup/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createJobOutput } from './job-output.ts';

let site: TestDeps;
beforeAll(async () => {
  site = await startTestDeps();
});
afterAll(() => site[Symbol.asyncDispose]());

const recorded = async (job: string): Promise<readonly OutputLine[]> => {
  const lines: OutputLine[] = [];
  for await (const { data } of site.deps.store.readStream(outputStream(job))) {
    lines.push(...outputLines(jobOutputRecorded.schema.parse(data)));
  }
  return lines;
};

it('the output keeps colours, redacts secrets, and counts lines without gaps, also for a second attempt', async () => {
  const job = randomUUID();
  const first = await createJobOutput(site.deps, job, 1);
  first.hide('pass"word');
  first.write('verbose', '\u001b[31mred\u001b[0m pass"word {"x": "pass\\"word"}\nsecond\n');
  await first.flush();
  const second = await createJobOutput(site.deps, job, 2);
  second.write('error', 'third');
  await second.flush();
  expect(await recorded(job)).toMatchObject([
    { counter: 1, stdout: '\u001b[31mred\u001b[0m [redacted] {"x": "[redacted]"}\nsecond', start_line: 0, end_line: 2 },
    { counter: 2, event: 'error', stdout: 'third', start_line: 2, end_line: 3 },
  ]);
});

it('bounds the output, says what was left out, and keeps errors', async () => {
  const job = randomUUID();
  const output = await createJobOutput(site.deps, job, 1);
  for (let index = 0; index < 25_000; index += 1) {
    output.write('warning', `warning ${index}`);
    if (index < 20_000 && index % 5_000 === 0) await output.flush();
  }
  output.write('error', 'the reason');
  await output.flush();
  const lines = await recorded(job);
  expect(lines.length).toBeLessThan(20_100);
  expect(lines.map(({ stdout }) => stdout).slice(-2)).toEqual([
    'the reason',
    expect.stringMatching(/^\[5000 lines were left out/),
  ]);
});

it('keeps one line of progress a second at most, and the last one', async () => {
  const job = randomUUID();
  const output = await createJobOutput(site.deps, job, 1);
  const figures = {
    phase: 'x',
    files: 0,
    original_size: 0,
    compressed_size: 0,
    deduplicated_size: 0,
    rate: 0,
    path: '',
  };
  for (let files = 0; files < 1_000; files += 1) output.progress(`${files}`, { ...figures, files });
  await output.flush();
  expect((await recorded(job)).map(({ progress }) => progress)).toEqual([{ ...figures, files: 999, eta: null }]);
});

it('records each line once although the answer of an append got lost', async () => {
  const job = randomUUID();
  const { store } = site.deps;
  let answers = 0;
  const deps = {
    ...site.deps,
    store: {
      ...store,
      append: async (...append: Parameters<typeof store.append>) => {
        const result = await store.append(...append);
        answers += 1;
        if (answers > 1) return result;
        output.write('verbose', 'second');
        throw new Error('the answer got lost');
      },
    },
  };
  const output = await createJobOutput(deps, job, 1);
  output.write('verbose', 'first');
  await output.flush();
  expect(await recorded(job)).toMatchObject([
    { counter: 1, stdout: 'first', start_line: 0 },
    { counter: 2, stdout: 'second', start_line: 1 },
  ]);
});

it('loses no line when two attempts continue from the same one', async () => {
  const job = randomUUID();
  const first = await createJobOutput(site.deps, job, 1);
  const second = await createJobOutput(site.deps, job, 2);
  for (const turn of [1, 2]) {
    for (const [name, output] of Object.entries({ first, second })) {
      output.write('verbose', `${name} ${turn}`);
      await output.flush();
    }
  }
  expect(await recorded(job)).toMatchObject([
    { counter: 1, stdout: 'first 1', end_line: 1 },
    { counter: 2, stdout: 'second 1', end_line: 2 },
    { counter: 3, stdout: 'first 2', end_line: 3 },
    { counter: 4, stdout: 'second 2', end_line: 4 },
  ]);
});

it('holds few bytes of long lines while the log does not answer, and keeps the last error', async () => {
  const job = randomUUID();
  const { store } = site.deps;
  const away = Promise.withResolvers<void>();
  const append: typeof store.append = async (...args) => {
    await away.promise;
    return store.append(...args);
  };
  const output = await createJobOutput({ ...site.deps, store: { ...store, append } }, job, 1);
  for (let index = 0; index < 5_000; index += 1) output.write('error', `${index} ${'x'.repeat(15_000)}`);
  output.write('error', 'the reason');
  away.resolve();
  await output.flush();
  const lines = await recorded(job);
  expect(lines.reduce((bytes, { stdout }) => bytes + stdout.length, 0)).toBeLessThan(5 * 1024 * 1024);
  expect(lines.map(({ stdout }) => stdout)).toContain('the reason');
});

it('bounds the bytes of errors in the log, says how many were left out, and keeps the last one', async () => {
  const job = randomUUID();
  const output = await createJobOutput(site.deps, job, 1);
  for (let index = 0; index < 3_000; index += 1) {
    output.write('error', `${index} ${'x'.repeat(15_000)}`);
    if (index % 100 === 0) await output.flush();
  }
  output.write('error', 'the reason');
  await output.flush();
  const texts = (await recorded(job)).map(({ stdout }) => stdout);
  expect(texts.reduce((bytes, text) => bytes + text.length, 0)).toBeLessThan(22 * 1024 * 1024);
  expect(texts).toContain('the reason');
  expect(texts.at(-1)).toMatch(/^\[\d+ lines were left out/);
});
