import { infoCommand, type BorgResult } from '@cyborgbackup/borg';
import { NO_RUN_SECRETS, POLICY_DEFAULTS, runStream, type PlannedJob } from '@cyborgbackup/contracts';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startConnectSite } from '../../testing/connection-site.ts';
import type { ConnectionOptions } from '../../job/job-context.ts';
import { openRepositoryEndpoint } from '../../endpoints/repository-endpoint.ts';
import { createHostKeyPins } from '../../endpoints/host-key-pins.ts';
import { JOB_MARKER, lockOwnerName } from '../../endpoints/job-processes.ts';
import { runBorgAt } from '../run-borg-at.ts';
import { givenSecrets } from '../../testing/given-secrets.ts';
import { startJobSite, type JobSite } from '../../testing/job-site.ts';
import { withStaleLockRemoval } from './with-stale-lock-removal.ts';

let site: JobSite;
let warnings: string[] = [];
beforeAll(async () => {
  site = await startJobSite();
});
afterAll(() => site[Symbol.asyncDispose]());

const connections = (job: string): ConnectionOptions => ({
  deps: { ...site.deps, secrets: () => givenSecrets(site.deps, { repository: site.repository.uuid }) },
  hostKeys: createHostKeyPins(site.deps),
  connectTimeoutMillis: 10_000,
  signal: new AbortController().signal,
  job,
  warn: (text) => warnings.push(text),
});

/** A step that needs the repository's lock; what it ends with, and how often it ran. */
const tryLocked = async (
  before: (run: number) => Promise<void> = () => Promise.resolve(),
): Promise<{ outcome: string; runs: number }> => {
  warnings = [];
  const options = connections(randomUUID());
  await using endpoint = await openRepositoryEndpoint(options, site.repository);
  let runs = 0;
  const { outcome } = await withStaleLockRemoval(
    { connections: options, repository: site.repository, endpoint },
    async () => {
      runs += 1;
      await before(runs);
      return runBorgAt(endpoint, { argv: infoCommand({ repository: endpoint.repository, lockWaitSeconds: 1 }) });
    },
  );
  return { outcome, runs };
};

const locks = (): string => join(site.folder, 'repository/lock.exclusive');

/** How borg writes its id for a job of ours on a host. */
const idOf = (job: string, host = hostname()): string => `${lockOwnerName({ job })}@${host}`;
/** By its network card this host seems to be another one, so that borg itself lets the lock be. */
const SERVER = `${hostname()}@1`;

/** A lock as borg leaves it. */
const leaveLock = async (pid: number, id = SERVER, folder = join(site.folder, 'repository')): Promise<void> => {
  await mkdir(join(folder, 'lock.exclusive'), { recursive: true });
  await writeFile(join(folder, 'lock.exclusive', `${id}.${pid}-0`), '');
  await writeFile(join(folder, 'lock.roster'), JSON.stringify({ exclusive: [[id, pid, 0]] }));
};

const clearLocks = (): Promise<void[]> =>
  Promise.all(
    ['lock.exclusive', 'lock.roster'].map((name) =>
      rm(join(site.folder, 'repository', name), { recursive: true, force: true }),
    ),
  );

/** A pid that no process has. */
const deadPid = async (): Promise<number> => {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
};

/** A job of ours on the repository, with what its stream says. */
const haveJob = async (how: 'running' | 'lost' | 'failed'): Promise<string> => {
  const [job, run] = [randomUUID(), randomUUID()];
  const planned: PlannedJob = {
    id: 5,
    uuid: job,
    name: 'Backup Job nightly web',
    job_type: 'job',
    launch_type: 'manual',
    client: site.clientAt('web', 22),
    needs: [],
    archive_name: null,
    master_job: null,
  };
  const policy = {
    ...POLICY_DEFAULTS,
    id: 1,
    uuid: site.policyUuid,
    name: 'nightly',
    policy_type: 'folders',
    keep_hourly: null,
    keep_daily: null,
    keep_weekly: null,
    keep_monthly: null,
    keep_yearly: null,
    vmprovider: '',
    mode_pull: false,
  };
  const data = {
    uuid: run,
    policy,
    repository: site.repository,
    schedule: null,
    due_at: null,
    ...NO_RUN_SECRETS,
    jobs: [planned],
  };
  await site.append(runStream(run), { type: 'run-requested', data });
  const stream = `job-${job}`;
  await site.append(stream, { type: 'job-started', data: { job, run, attempt: 1, executor: 'x' } });
  if (how === 'lost')
    await site.append(stream, {
      type: 'job-attempt-lost',
      data: { job, attempt: 1, reason: 'x', transport: false, pause: null },
    });
  const failed = {
    job,
    attempt: 1,
    status: 'failed',
    reason: 'x',
    exit_code: null,
    warnings: [],
    archive: null,
    restored: null,
    drill: null,
    check: null,
  };
  if (how === 'failed') await site.append(stream, { type: 'job-failed', data: failed });
  return job;
};

/** A real borg that holds the lock, on this host, as one that serves the repository does by default. */
const holdLock = async (job?: string, id?: string): Promise<ChildProcess> => {
  const child = spawn('borg', ['with-lock', join(site.folder, 'repository'), 'sh', '-c', 'echo held; exec sleep 100'], {
    env: {
      ...process.env,
      BORG_BASE_DIR: join(site.folder, 'borg-repository'),
      BORG_PASSPHRASE: site.passphrase,
      ...(job === undefined ? {} : { [JOB_MARKER]: job }),
      ...(id === undefined ? {} : { BORG_HOST_ID: id }),
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child;
};

it('removes a lock that a dead borg of ours left beside the repository, and repeats the step', async () => {
  const pid = await deadPid();
  await leaveLock(pid, idOf(await haveJob('lost')));
  expect(await tryLocked()).toEqual({ outcome: 'success', runs: 2 });
  expect(warnings).toEqual([expect.stringContaining(`process ${pid}`)]);
  expect(await readdir(join(site.folder, 'repository'))).not.toContain('lock.roster');
});

it('keeps the lock that a dead process had taken while no job of ours ran', async () => {
  await leaveLock(await deadPid());
  await utimes(join(locks(), (await readdir(locks()))[0] ?? ''), 1_000_000, 1_000_000);
  await expect(tryLocked()).rejects.toThrow(/was not started by a job of ours/);
  await clearLocks();
});

it('removes a lock that was taken while a job of ours ran on the repository', async () => {
  await haveJob('failed');
  await leaveLock(await deadPid());
  expect(await tryLocked()).toEqual({ outcome: 'success', runs: 2 });
});

it('does not go to another folder that a borg names, which may be one of a client', async () => {
  await haveJob('failed');
  const other = join(site.folder, 'other');
  const file = `${hostname()}@1.${await deadPid()}-0`;
  await mkdir(join(other, 'lock.exclusive'), { recursive: true });
  await writeFile(join(other, 'lock.exclusive', file), '');
  const options = connections(randomUUID());
  await using endpoint = await openRepositoryEndpoint(options, site.repository);
  const message = `Failed to create/acquire the lock ${other}/lock.exclusive (timeout).`;
  const said = { type: 'log_message', level: 'error', msgid: 'LockTimeout', message, logger: 'borg' } as const;
  const result: BorgResult = { outcome: 'error', exitCode: 2, messages: [said], stdout: '' };
  const lock = { connections: options, repository: site.repository, endpoint };
  expect(await withStaleLockRemoval(lock, () => Promise.resolve(result))).toBe(result);
  expect(await readdir(join(other, 'lock.exclusive'))).toEqual([file]);
});

it('removes the lock of a cache that a container had which is gone', async () => {
  const caches = join(site.folder, 'executor/.cache/borg');
  const cache = (await readdir(caches)).find((name) => /^[0-9a-f]{64}$/.test(name)) ?? '';
  await leaveLock(1, idOf(await haveJob('lost'), 'container'), join(caches, cache));
  expect(await tryLocked()).toEqual({ outcome: 'success', runs: 2 });
});

it('looks a lock up again when it changed hands meanwhile', async () => {
  const ids = [idOf(await haveJob('lost')), idOf(await haveJob('failed'))];
  const pid = await deadPid();
  const leave = (run: number): Promise<void> => leaveLock(pid, ids[run - 1]);
  expect(await tryLocked((run) => (run < 3 ? leave(run) : Promise.resolve()))).toEqual({ outcome: 'success', runs: 3 });
});

it('keeps the lock of a host that cannot be examined, and names its holder', async () => {
  await leaveLock(4711, 'elsewhere@1');
  await expect(tryLocked()).rejects.toThrow(/process 4711 of the host elsewhere/);
  expect(await readdir(locks())).toEqual(['elsewhere@1.4711-0']);
  await clearLocks();
});

it('keeps the lock of a borg that is not ours', async () => {
  const child = await holdLock();
  await expect(tryLocked()).rejects.toThrow(/not ours: .*borg with-lock/);
  expect(child.exitCode).toBeNull();
  child.kill();
  await once(child, 'exit');
});

it('keeps the lock of a running job of ours, and names the job', async () => {
  const child = await holdLock(await haveJob('running'));
  await expect(tryLocked()).rejects.toThrow(
    'The repository is locked by job 5 "Backup Job nightly web", which is at work.',
  );
  child.kill();
  await once(child, 'exit');
});

it.each([
  ['is over', 'failed'],
  ['pauses before its next attempt', 'lost'],
] as const)('ends the process of a job that %s, and removes its lock', async (_what, how) => {
  const job = await haveJob(how);
  const child = await holdLock(job, how === 'lost' ? idOf(job) : undefined);
  const exit = once(child, 'exit');
  expect(await tryLocked()).toEqual({ outcome: 'success', runs: 2 });
  await exit;
});

it('names a repository host without a shell as the one to examine', async () => {
  await using other = await startConnectSite({ repositoryTakes: ['own'] });
  await mkdir(join(other.folder, 'repository/lock.exclusive'));
  await writeFile(join(other.folder, 'repository/lock.exclusive/elsewhere@1.2-0'), '');
  await using endpoint = await openRepositoryEndpoint(other.options, other.repository);
  const options = { connections: other.options, repository: other.repository, endpoint };
  const step = () =>
    runBorgAt(endpoint, {
      argv: infoCommand({ repository: endpoint.repository, lockWaitSeconds: 1 }),
      env: { BORG_BASE_DIR: join(other.folder, 'executor') },
    });
  await expect(withStaleLockRemoval(options, step)).rejects.toThrow(/no shell to see by whom/);
});
