import { localRunner } from '@cyborgbackup/borg';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link as hardLink, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { endLeftoverProcesses } from '../../endpoints/job-processes.ts';
import { startJobSite, type EndedJob, type JobSite, type JobSketch } from '../../testing/job-site.ts';

let site: JobSite;
let source: string;

beforeAll(async () => {
  site = await startJobSite();
  source = join(site.folder, "so'urce $(x)");
  await mkdir(join(source, 'cache'), { recursive: true });
  await writeFile(join(source, 'kept.txt'), 'kept');
  await writeFile(join(source, 'left.tmp'), 'left');
  await writeFile(join(source, 'cache', 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n');
  await writeFile(join(source, 'cache', 'big'), 'cached');
});

afterAll(() => site[Symbol.asyncDispose]());

const backup = (sketch: JobSketch = {}): Promise<EndedJob> =>
  site.runJob({ variables: { folders: [source] }, ...sketch });

const archived = async (ended: EndedJob): Promise<readonly string[]> => {
  const { name } = ended.end['archive'] as { name: string };
  const paths = await site.borg('list', '--short', `::${name}`);
  return paths.split('\n').filter(Boolean).toSorted();
};

describe.each([false, true])('a backup of files with mode_pull %s', (mode_pull) => {
  const policy = { mode_pull };

  it('stores paths as on the client, without excluded ones', async () => {
    const ended = await backup({
      policy,
      variables: { folders: [source], exclude: ['*.tmp'], exclude_caches: true, compression: 'zstd,3' },
    });
    expect(ended).toMatchObject({ status: 'successful' });
    const below = [source, join(source, 'kept.txt')];
    expect(await archived(ended)).toEqual(below.map((path) => path.slice(1)));
    const info = await site.borg('info', '--json', `::${(ended.end['archive'] as { name: string }).name}`);
    expect(info).toContain('zstd,3');
  });

  it('applies an absolute exclude and patterns, too', async () => {
    const variables = { folders: [source], exclude: [join(source, 'cache')], patterns: ['- **/left.*'] };
    const below = [source, join(source, 'kept.txt')];
    expect(await archived(await backup({ policy, variables }))).toEqual(below.map((path) => path.slice(1)));
  });

  it('leaves the repository itself out, also below a link, and refuses a folder in it', async () => {
    const repository = join(site.folder, 'repository');
    const above = join(source, 'above');
    if (!mode_pull) await symlink(dirname(site.folder), above);
    const top = mode_pull ? site.folder : join(above, basename(site.folder));
    const variables = { folders: [top], exclude: ['**/borg-*', '**/executor'], patterns: ['+ **/repository'] };
    const ended = await backup({ policy: { ...policy, uuid: randomUUID() }, variables });
    await rm(above, { force: true });
    expect(ended).toMatchObject({ status: 'successful' });
    const names = await archived(ended);
    expect(names).toContain(join(top, basename(source), 'kept.txt').slice(1));
    expect(names.filter((name) => name.startsWith(join(top, 'repository').slice(1)))).toEqual([]);
    expect(await site.output(ended.job)).toContain(`${top}/repository is left out: it is the repository itself.`);
    expect(await backup({ policy, variables: { folders: [source, join(repository, 'data')] } })).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/repository\/data is in the repository to which this would be backed up: name/),
    });
  });
});

describe('the paths of a policy', () => {
  it('the variables of one client replace those of the policy', async () => {
    const variables = { folders: ['/no/such'], extended_folders: { 1: { folders: [join(source, 'cache')] } } };
    const ended = await backup({ variables });
    expect(await archived(ended)).toContain(join(source, 'cache/big').slice(1));
  });

  it('a missing folder fails the job before borg runs', async () => {
    const ended = await backup({ variables: { folders: [source, '/no/such', '/nor/such'] } });
    expect(ended).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/\/no\/such, \/nor\/such do not exist/),
    });
    expect(ended.types).toEqual(['job-started', 'job-failed']);
  });

  it('a link is followed, and what is in another folder already is stored once', async () => {
    const [target, link] = [join(site.folder, 'target'), join(site.folder, 'link')];
    await mkdir(join(target, 'inner'), { recursive: true });
    await writeFile(join(target, 'inner', 'one'), randomBytes(1_000));
    await hardLink(join(target, 'inner', 'one'), join(target, 'two'));
    await symlink('target', link);
    const ended = await backup({ variables: { folders: [`${join(target, 'inner')}/`, link, target] } });
    expect(ended).toMatchObject({ status: 'successful' });
    const names = ['', 'inner', 'inner/one', 'two'].map((name) => join(target, name).replace(/\/$/, '').slice(1));
    expect(await archived(ended)).toEqual(names);
    const output = await site.output(ended.job);
    expect(output).toContain(`${link} is a symbolic link: ${target} is backed up in its place.`);
    expect(output).toContain(`${join(target, 'inner')} is in ${target} already.`);
  });

  it('a backup of mail needs only one of the mail folders to exist', async () => {
    const mailbox = join('/var/mail', `cyborgbackup-test-${randomUUID()}`);
    await writeFile(mailbox, 'mail');
    try {
      // The series has backups of other folders, beside which four bytes have shrunk.
      const ended = await backup({ policy: { policy_type: 'mail', shrink_limit: null }, variables: {} });
      expect(ended).toMatchObject({
        status: 'successful',
        end: { warnings: ['/var/lib/mail does not exist on 127.0.0.1.'] },
      });
      expect(await archived(ended)).toContain(mailbox.slice(1));
    } finally {
      await rm(mailbox);
    }
  });

  it('an empty source fails the job, and the archive is recorded', async () => {
    const empty = join(site.folder, 'empty');
    await mkdir(empty, { recursive: true });
    const ended = await backup({ variables: { folders: [empty] } });
    expect(ended).toMatchObject({ status: 'failed', reason: expect.stringMatching(/was empty/) });
    expect(await site.archives()).toContain((ended.end['archive'] as { name: string }).name);
    const allowed = await backup({ policy: { shrink_limit: null }, variables: { folders: [empty] } });
    expect(allowed.status).toBe('successful');
  });
});

it("shows borg's warnings without failing the job", async () => {
  // A file that can be opened, but not read.
  const variables = { folders: [source, '/proc/self/mem'] };
  const ended = await backup({ variables });
  const warning = expect.stringMatching(/\/proc\/self\/mem.*Input\/output error/);
  expect(ended).toMatchObject({ status: 'successful', end: { warnings: [warning] } });
});

describe('a source that shrinks', () => {
  const policyUuid = randomUUID();
  const shrinking = (policy: JobSketch['policy'] = {}): Promise<EndedJob> =>
    backup({ policy: { uuid: policyUuid, ...policy }, variables: { folders: [join(site.folder, 'shrinking')] } });

  it('fails the job when it shrank too much, until that is allowed', async () => {
    const folder = join(site.folder, 'shrinking');
    await mkdir(folder);
    await writeFile(join(folder, 'small'), randomBytes(10_000));
    await writeFile(join(folder, 'large'), randomBytes(200_000));
    expect((await shrinking()).status).toBe('successful');
    await rm(join(folder, 'large'));
    const failed = await shrinking();
    expect(failed).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/shrank by 9\d %, from .* in folders-web-.*; 80 % are allowed/),
      end: { archive: { files: 1 } },
    });
    // The failed one is no measure for the next.
    expect((await shrinking()).status).toBe('failed');
    expect((await shrinking({ shrink_limit: 99 })).status).toBe('successful');
    expect((await shrinking()).status).toBe('successful');
  });

  it('gets an estimate of its duration from the second backup on', async () => {
    const { job } = await shrinking();
    const etas = (await site.lines(job)).flatMap(({ progress }) => (progress ? [progress.eta] : []));
    for (const eta of etas) expect(eta).toBeGreaterThanOrEqual(0);
  });
});

describe('the hooks of a backup', () => {
  const log = (): string => join(site.folder, 'hooks.log');
  const note = (text: string): string => `echo "${text}" >>'${log()}'`;
  const logged = async (): Promise<readonly string[]> => (await readFile(log(), 'utf8')).split('\n').filter(Boolean);

  it('hooks run on the client before and after borg, with facts about the job', async () => {
    const hooks = {
      prehook: `echo said; ${note('pre $CYBORGBACKUP_JOB $CYBORGBACKUP_ARCHIVE')}`,
      posthook: note('post $CYBORGBACKUP_STATUS'),
    };
    const ended = await backup({ ...hooks, archive_name: 'folders-hooked' });
    expect(ended.status).toBe('successful');
    expect(await logged()).toEqual([`pre ${ended.job} folders-hooked`, 'post successful']);
    expect(await site.output(ended.job)).toMatch(/^said$/m);
  });

  it('a hook is neither in process lists, nor in the output, nor in the log', async () => {
    const processes = join(site.folder, 'processes');
    const prehook = `: s3cret-of-a-hook; ps axeww -o args >${processes}; echo "$hook"`;
    const ended = await backup({ prehook });
    const output = await site.output(ended.job);
    expect([ended.status, output]).toEqual(['successful', expect.stringMatching(/^\[redacted\]$/m)]);
    const seen = await readFile(processes, 'utf8');
    expect(seen).toContain(`CYBORGBACKUP_JOB=${ended.job}`);
    const { rows } = await site.deps.pool.query("select 1 from events.events where data::text like '%s3cret-of-a%'");
    expect([`${seen}${output}`.includes('s3cret'), rows]).toEqual([false, []]);
  });

  it('a prehook that fails ends the job before borg, and the posthook runs', async () => {
    await rm(log());
    const hooks = { prehook: 'echo broken >&2; exit 3', posthook: note('post $CYBORGBACKUP_STATUS') };
    const ended = await backup(hooks);
    expect(ended).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/The prehook on .* ended with status 3\. Nothing was backed up\./),
      types: ['job-started', 'job-failed'],
    });
    expect(await site.output(ended.job)).toMatch(/^broken$/m);
    expect(await logged()).toEqual(['post failed']);
  });

  it('a hook may leave processes running, also after a dump in pull mode', async () => {
    const pids = join(site.folder, 'hooks.pids');
    const leave = `setsid sh -c 'echo $$ >>${pids}; exec sleep 300' >/dev/null 2>&1 </dev/null & sleep 0.5`;
    const policy = { policy_type: 'piped' as const, mode_pull: true, uuid: randomUUID() };
    const hooks = { prehook: leave, posthook: leave };
    expect(await backup({ policy, ...hooks, variables: { command: 'echo dump' } })).toMatchObject({
      status: 'successful',
    });
    const left = (await readFile(pids, 'utf8')).trim().split('\n').map(Number);
    expect(left).toHaveLength(2);
    for (const pid of left) process.kill(pid);
  });

  it('hooks that hang are ended with the processes of their job', async () => {
    const begun = join(site.folder, 'hangs');
    const one = await site.start({ prehook: `touch ${begun}; sleep 300` });
    await vi.waitUntil(() => existsSync(begun), 20_000);
    expect(await endLeftoverProcesses(localRunner(), one.job)).toBeGreaterThan(0);
    expect(await site.ended(one)).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^The prehook on /),
    });
  });

  it('hooks may run long while they write output, and are named and not repeated when they are silent', async () => {
    const talks = 'for i in 1 2 3 4 5 6 7; do echo $i; sleep 0.5; done; exit 3';
    const talking = await backup({ policy: { idle_timeout: 2 }, prehook: talks });
    expect(talking.reason).toMatch(/^The prehook on .* ended with status 3\./);
    const silent = await backup({ policy: { idle_timeout: 1 }, prehook: 'sleep 300' });
    expect(silent).toMatchObject({
      status: 'failed',
      attempt: 1,
      reason: expect.stringMatching(/^The prehook on .* said nothing for longer than idle_timeout allows/),
    });
  });

  it('a posthook that fails adds a warning', async () => {
    const ended = await backup({ posthook: 'exit 4' });
    expect(ended).toMatchObject({
      status: 'successful',
      end: { warnings: [expect.stringMatching(/The posthook on .* ended with status 4\./)] },
    });
  });
});

it("limits the upload to the smaller of the policy's and the client's limit", async () => {
  const folder = join(site.folder, 'limited');
  await mkdir(folder);
  await writeFile(join(folder, 'random'), randomBytes(600_000));
  const started = Date.now();
  const ended = await backup({
    client: { ...site.clientAt(site.client.host, site.client.port), bandwidth_limit: 200 },
    variables: { folders: [folder], upload_ratelimit: 100_000 },
  });
  expect(ended.status).toBe('successful');
  expect(Date.now() - started).toBeGreaterThan(2_000);
});
