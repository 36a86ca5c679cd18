import { clientCommands } from '@cyborgbackup/contracts';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startJobSite, type EndedJob, type JobSite } from '../../testing/job-site.ts';

/** Whoever has root on a client decides what its `borg` is. This one is a shell script. */
let site: JobSite;
let bin: string;
const realBorg = '/usr/bin/borg';

const installBorg = async (script: string): Promise<void> => {
  await writeFile(join(bin, 'borg'), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, 'borg'), 0o755);
};

beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), 'cyborgbackup-hostile-'));
  await installBorg(`exec ${realBorg} "$@"`);
  site = await startJobSite({ clientPath: bin });
  await writeFile(join(site.folder, 'source', 'file'), 'content');
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await rm(bin, { recursive: true });
});
beforeEach(() => installBorg(`exec ${realBorg} "$@"`));

const STATS = { original_size: 9e15, compressed_size: 1, deduplicated_size: 1, nfiles: 1 };
const TIME = '2026-11-23T12:33:00.000000';
const claim = (id: string, changes: object = {}): string =>
  JSON.stringify({
    archive: { name: 'x', id, start: TIME, end: TIME, duration: 1, stats: { ...STATS, ...changes } },
    repository: { id: 'aa', location: 'x', last_modified: TIME },
  });

const backup = (): Promise<EndedJob> => site.runJob({ policy: { max_attempts: 3 } });

describe('a borg that is another than when its client was prepared', () => {
  const told: unknown[] = [];
  beforeAll(async () => {
    const { clientUuid: uuid } = site;
    await site.append(`client-${uuid}`, { type: 'client-prepared', data: { uuid, version: '1.1.16', ready: true } });
    const subject = clientCommands.recordPreparation.subject;
    site.deps.connection.nats.subscribe(subject, {
      callback: (_error, { data }) => void told.push(JSON.parse(new TextDecoder().decode(data)).data),
    });
    await site.deps.connection.nats.flush();
  });

  it('is told and recorded, and backs up', async () => {
    const { status, job } = await backup();
    expect(status).toBe('successful');
    expect(await site.output(job)).toMatch(/Borg on 127\.0\.0\.1 is 1\.[24]\.\d+ now; it was 1\.1\.16 before\./);
    expect(told).toMatchObject([{ uuid: site.clientUuid, version: expect.stringMatching(/^1\.[24]\./), ready: true }]);
  });

  it('is refused in a version that is not supported, before the prehook', async () => {
    await installBorg('echo borg 2.0.0b14');
    const ended = await site.runJob({ prehook: 'exit 1' });
    expect(ended).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(
        /^Borg 2\.0\.0b14 on .*127\.0\.0\.1.* is not supported: install 1\.2 or 1\.4 there\.$/,
      ),
    });
    expect(told.at(-1)).toMatchObject({ version: '2.0.0b14', ready: false });
  });
});

describe('a borg that answers what it likes', () => {
  it.each([
    ['garbage', 'echo garbage', /result cannot be read: it is not JSON/],
    ['nothing', 'exit 0', /result cannot be read/],
    ['a negative size', `echo '${claim('aa', { original_size: -1 })}'`, /original_size/],
    ['a size that is no integer', `echo '${claim('aa', { original_size: 1e300 })}'`, /original_size/],
    ['lists in lists', 'head -c 1000000 /dev/zero | tr "\\0" "["', /nested too deeply/],
    ['output without end', 'exec cat /dev/zero', /wrote more than .* to its standard output and was stopped/],
  ])('that is %s fails the job at its first attempt, in a sentence', async (_name, script, reason) => {
    await installBorg(script);
    const ended = await backup();
    expect(ended).toMatchObject({ status: 'failed', attempt: 1, reason: expect.stringMatching(reason) });
    expect(ended.types).not.toContain('job-attempt-lost');
  });

  it('an archive of nine petabytes that never existed is not believed', async () => {
    await installBorg(`echo '${claim('ab'.repeat(32))}'`);
    const ended = await backup();
    expect(ended).toMatchObject({
      status: 'failed',
      attempt: 1,
      reason: expect.stringMatching(/reported the archive folders-web-.*the repository has no archive of that name/),
      end: { archive: null },
    });
  });

  it('an archive of another id than the one in the repository is not believed', async () => {
    await installBorg(`${realBorg} "$@" >/dev/null; echo '${claim('cd'.repeat(32))}'`);
    expect(await backup()).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/the repository has another archive of that name/),
    });
  });

  it('the figures of an archive are those that the repository has', async () => {
    await installBorg(`${realBorg} "$@" | sed 's/"original_size": [0-9]*/"original_size": 9000000000000000/'`);
    const { status, end } = await backup();
    expect(status).toBe('successful');
    const { original_size, files } = end['archive'] as { original_size: number; files: number };
    expect(files).toBe(1);
    expect(original_size).toBeLessThan(10_000);
  });

  it('long error lines are bounded in memory and in the log, and the reason is the last line', async () => {
    // 150 MB in lines of 15 KB.
    const line = `{"type":"log_message","levelname":"ERROR","name":"borg","message":"$x"}`.replaceAll('"', '\\"');
    await installBorg(`x=$(head -c 15000 /dev/zero | tr '\\0' x); yes "${line}" | head -n 10000 >&2; exit 2`);
    const before = process.memoryUsage().rss;
    let highest = before;
    const timer = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 20);
    const ended = await backup();
    clearInterval(timer);
    expect(ended.status).toBe('failed');
    expect(highest - before).toBeLessThan(200 * 1024 * 1024);
    const output = await site.output(ended.job);
    expect(output.length).toBeLessThan(22 * 1024 * 1024);
    expect(output).toMatch(/^\[\d+ lines were (left out|dropped): /m);
    expect((await site.lines(ended.job)).some(({ stdout }) => stdout.startsWith(ended.reason.slice(0, 200)))).toBe(
      true,
    );
  });
});
