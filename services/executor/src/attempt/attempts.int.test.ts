import { startTestSshd } from '@cyborgbackup/testkit';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOB_MARKER, lockOwnerName } from '../endpoints/job-processes.ts';
import { startExecutor } from '../start.ts';
import { borgIdOf, CONFIG } from '../testing/job-fixtures.ts';
import { startJobSite, type JobSite, type JobSketch } from '../testing/job-site.ts';

let site: JobSite;

beforeAll(async () => {
  site = await startJobSite();
  await writeFile(join(site.folder, 'source', 'file'), randomBytes(3_000_000));
  await mkdir(join(site.folder, 'large'));
  await writeFile(join(site.folder, 'large', 'sparse'), '');
  await truncate(join(site.folder, 'large', 'sparse'), 20_000_000_000);
});

afterAll(() => site[Symbol.asyncDispose]());

/** A backup that would take half a minute: of contents that no repository has yet. */
const slow = async (sketch: JobSketch = {}): Promise<JobSketch> => {
  const folder = await mkdtemp(join(site.folder, 'slow-'));
  await writeFile(join(folder, 'file'), randomBytes(3_000_000));
  return { ...sketch, variables: { folders: [folder], upload_ratelimit: 100 } };
};
/** A file that borg is busy with for a while, without much to write. */
const large = (): JobSketch => ({ variables: { folders: [join(site.folder, 'large')] } });
/** A dump that says nothing and does not end by itself. */
const stuck = (sketch: JobSketch = {}): JobSketch => ({
  ...sketch,
  policy: { policy_type: 'piped', uuid: randomUUID(), ...sketch.policy },
  variables: { command: "trap '' TERM; sleep 1000" },
});

const environs = async (text: string): Promise<readonly string[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const marked = await Promise.all(
    pids.map(async (pid) =>
      (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).includes(text) ? [pid] : [],
    ),
  );
  return marked.flat();
};
const processesOf = (job: string): Promise<readonly string[]> => environs(`${JOB_MARKER}=${job}`);

const isLocked = async (): Promise<boolean> =>
  (await readdir(join(site.folder, 'repository'))).some((name) => name.startsWith('lock.'));

/** Pids of borg itself that work for the job. */
const borgsOf = async (job: string): Promise<readonly number[]> => {
  const pids = await processesOf(job);
  const lines = await Promise.all(
    pids.map(async (pid) => ({ pid, line: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') })),
  );
  return lines.filter(({ line }) => /\0[^\0]*\/borg\0create\0/.test(line)).map(({ pid }) => Number(pid));
};

const started = async (sketch: JobSketch): Promise<{ readonly job: string; readonly run: string }> => {
  const one = await site.start(sketch);
  while ((await borgsOf(one.job)).length === 0) await sleep(20);
  // Long enough for borg to have its locks and to be at work.
  await sleep(1_000);
  return one;
};

const untilGone = async (job: string): Promise<void> => {
  while ((await processesOf(job)).length > 0) await sleep(20);
};

describe('the cancellation of a job', () => {
  it.each([
    ['a push backup', () => slow()],
    ['a pull backup', () => ({ ...large(), policy: { mode_pull: true, uuid: randomUUID() } })],
    ['a dump over SSH that does not listen', () => stuck({ policy: { mode_pull: true } })],
  ])('stops the borg of %s within 5 s with all of its processes, and leaves no lock', async (_name, sketch) => {
    const one = await started(await sketch());
    const asked = Date.now();
    await site.cancel(one.job);
    while ((await borgsOf(one.job)).length > 0) await sleep(20);
    expect(Date.now() - asked).toBeLessThan(5_000);
    expect(await site.ended(one)).toMatchObject({ status: 'canceled' });
    // What a dump has started on another host may resist as long once more.
    await untilGone(one.job);
    expect(Date.now() - asked).toBeLessThan(15_000);
    expect(await isLocked()).toBe(false);
  });

  it('kills a borg that hangs, removes its lock, and is final', async () => {
    const one = await started({ ...large(), policy: { mode_pull: true, uuid: randomUUID() } });
    for (const pid of await borgsOf(one.job)) process.kill(pid, 'SIGSTOP');
    const asked = Date.now();
    await site.cancel(one.job);
    while ((await borgsOf(one.job)).length > 0) await sleep(20);
    expect(Date.now() - asked).toBeLessThan(5_000);
    expect(await site.ended(one)).toMatchObject({ status: 'canceled' });
    await untilGone(one.job);
    expect(await isLocked()).toBe(false);
    // A message that comes again starts nothing.
    await site.queue(one);
    expect(await site.runJob({})).toMatchObject({ status: 'successful' });
    expect((await site.ended(one)).types.filter((type) => type === 'job-started')).toHaveLength(1);
  });
});

describe('the limits of a policy', () => {
  it('total_timeout ends a job that takes too long', async () => {
    const ended = await site.runJob(await slow({ policy: { total_timeout: 3 } }));
    expect(ended).toMatchObject({ status: 'failed', reason: expect.stringMatching(/longer than the 3 seconds/) });
    await untilGone(ended.job);
  });
  it('idle_timeout ends a job that is silent', async () => {
    const ended = await site.runJob(stuck({ policy: { idle_timeout: 3 } }));
    expect(ended).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/said nothing for longer than idle_timeout/),
    });
    await untilGone(ended.job);
  });
  it('connect_timeout and max_attempts bound what a silent host costs', async () => {
    // Listens, and never says a word.
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const begun = Date.now();
    const ended = await site.runJob({
      client: site.clientAt('127.0.0.1', port),
      policy: { connect_timeout: 1, max_attempts: 1 },
    });
    silent.close();
    expect(ended).toMatchObject({ status: 'failed', attempt: 1 });
    expect(Date.now() - begun).toBeLessThan(CONFIG.CYBORGBACKUP_SSH_CONNECT_TIMEOUT * 1000);
  });
});

it('runs the posthook after a cancellation', async () => {
  const log = join(site.folder, 'posthook.log');
  const one = await started(await slow({ posthook: `echo $CYBORGBACKUP_STATUS >${log}` }));
  await site.cancel(one.job);
  expect((await site.ended(one)).status).toBe('canceled');
  expect(await readFile(log, 'utf8')).toBe('canceled\n');
});

it('backs a host up on the next attempt when it comes back', async () => {
  const away = await startTestSshd({ authorizedKeys: [] });
  const { port } = away;
  await away.stop();
  const one = await site.start({ client: site.clientAt('127.0.0.1', port) });
  const lost = await site.event(one.job, 'job-attempt-lost');
  expect(lost.data).toMatchObject({
    attempt: 1,
    transport: true,
    reason: expect.stringMatching(/refused/),
    pause: { grant: 1, until: expect.any(String) },
  });
  await using _back = await startTestSshd({
    port,
    authorizedKeys: [site.publicKey],
    environment: { BORG_BASE_DIR: `${site.folder}/borg-client` },
  });
  // The message that its first attempt had is of a grant that it gave up.
  await site.queue(one);
  await site.queue(one, 2);
  const ended = await site.ended(one);
  expect(ended).toMatchObject({ status: 'successful', attempt: 2, transportFailures: 1 });
  expect(ended.types.filter((type) => type === 'job-started')).toHaveLength(2);
  expect(await site.output(one.job)).toMatch(/refused.*Trying again in 10 s\./);
});

/** What an executor that was killed left in the log. */
const abandoned = async (sketch: JobSketch): Promise<{ readonly job: string; readonly run: string }> => {
  const one = await site.plan(sketch);
  await site.append(`job-${one.job}`, {
    type: 'job-started',
    data: { ...one, attempt: 1, executor: 'killed' },
  });
  return one;
};

/** A borg on the client that an executor which died has started for the job. */
const orphanOf = (job: string, ...argv: readonly string[]): ChildProcess =>
  spawn('borg', argv, {
    stdio: 'ignore',
    env: {
      ...process.env,
      [JOB_MARKER]: job,
      BORG_BASE_DIR: `${site.folder}/borg-client`,
      BORG_PASSPHRASE: site.passphrase,
      BORG_REPO: `${site.folder}/repository`,
      BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
    },
  });

/** The lock of the client's cache, as a borg of the job leaves it that was killed. */
const leaveCacheLock = async (job: string, pid: number): Promise<void> => {
  const cache = join(site.folder, 'borg-client/.cache/borg', await borgIdOf(join(site.folder, 'repository')));
  await mkdir(join(cache, 'lock.exclusive'));
  await writeFile(join(cache, 'lock.exclusive', `${lockOwnerName({ job })}@${hostname()}.${pid}-0`), '');
};

describe('a job whose executor died', () => {
  it('a job whose executor died is taken over after its borg was ended, and has one archive', async () => {
    const archive_name = 'taken-over';
    const one = await abandoned({ archive_name });
    // The borg of the dead one still runs on the client.
    const orphan = orphanOf(one.job, 'create', `::${archive_name}`, join(site.folder, 'large'));
    const died = once(orphan, 'exit');
    while (!(await isLocked())) await sleep(50);
    const begun = Date.now();
    await site.queue(one);
    await died;
    const ended = await site.ended(one);
    expect(ended).toMatchObject({
      status: 'successful',
      attempt: 2,
      end: { archive: { name: archive_name, files: 1 } },
    });
    expect(Date.now() - begun).toBeLessThan(30_000);
    expect((await site.archives()).filter((name) => name.startsWith(archive_name))).toEqual([archive_name]);
    const output = await site.output(one.job);
    expect(output).toMatch(/Attempt 2, since the executor of the one before does not answer/);
    expect(output).toMatch(/Ended \d+ processes of an earlier attempt/);
  });

  it('a backup is not repeated when its archive was complete, a lock is in nobody’s way, and its posthook runs', async () => {
    const log = join(site.folder, 'adopted.log');
    const one = await abandoned({
      archive_name: 'completed',
      prehook: `echo pre >>${log}`,
      posthook: `echo post >>${log}`,
    });
    const orphan = orphanOf(one.job, 'create', '::completed', join(site.folder, 'source'));
    await once(orphan, 'exit');
    await leaveCacheLock(one.job, orphan.pid ?? 0);
    const begun = Date.now();
    await site.queue(one);
    expect(await site.ended(one)).toMatchObject({
      status: 'successful',
      end: {
        archive: { name: 'completed', files: 1 },
        warnings: [expect.stringMatching(/nothing was backed up twice/)],
      },
    });
    // Borg would have waited for a lock that it does not take for stale.
    expect(Date.now() - begun).toBeLessThan(60_000);
    expect(await readFile(log, 'utf8')).toBe('post\n');
  });
});

it('gives up a job whose executor died twenty times, by the log and not by the deliveries of its message', async () => {
  const one = await abandoned({});
  for (let attempt = 1; attempt < 20; attempt += 1) {
    await site.append(
      `job-${one.job}`,
      {
        type: 'job-attempt-lost',
        data: { job: one.job, attempt, reason: 'not heard of', transport: false, pause: null },
      },
      { type: 'job-started', data: { ...one, attempt: attempt + 1, executor: `killed ${attempt + 1}` } },
    );
  }
  await site.queue(one);
  const ended = await site.ended(one);
  expect(ended).toMatchObject({ status: 'error', attempt: 20 });
  expect(ended.reason).toMatch(/^Given up after 20 attempts: executor killed 20 was not heard of any more/);
  expect(ended.types.filter((type) => type === 'job-started')).toHaveLength(20);
});

it('repeats a backup that a lost attempt read through a mount', async () => {
  const one = await abandoned({ archive_name: 'pulled', policy: { mode_pull: true } });
  await site.borg('create', '::pulled', join(site.folder, 'borg-client'));
  await site.queue(one);
  expect(await site.ended(one)).toMatchObject({ status: 'successful', end: { archive: { files: 1 }, warnings: [] } });
  expect(await site.borg('list', '--short', '::pulled')).toContain(join(site.folder, 'source', 'file').slice(1));
});

it('hands the job over when the executor stops', async () => {
  const one = await started(await slow({ archive_name: 'handed-over' }));
  const begun = Date.now();
  await site.executor.stop();
  expect(Date.now() - begun).toBeLessThan(10_000);
  expect(await borgsOf(one.job)).toEqual([]);
  await untilGone(one.job);
  const lost = await site.event(one.job, 'job-attempt-lost');
  expect(lost.data).toMatchObject({ transport: false, reason: expect.stringMatching(/executor was stopped/) });
  site.executor = await startExecutor(await site.test.connect('another'), CONFIG);
  const again = await site.event(one.job, 'job-started');
  expect(again.data).toMatchObject({ attempt: 1 });
  await site.cancel(one.job);
  expect(await site.ended(one)).toMatchObject({ status: 'canceled', attempt: 2 });
});
