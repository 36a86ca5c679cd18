import { catalogCommands, unpackEntries, type PackedEntries, type PlainEntry } from '@cyborgbackup/contracts';
import { hostileTar } from '@cyborgbackup/testkit';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { link, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startJobSite, type JobSite } from '../../testing/job-site.ts';

/* A catalog job with a real borg; the catalog is played here, and tested with the same calls in its own folder. */

let site: JobSite;
let calls: string[] = [];
let entries: PlainEntry[] = [];
let unsafe: string | null = null;
let begun: Record<string, unknown> = {};

beforeAll(async () => {
  site = await startJobSite();
  const { begin, addEntries, complete, abandon, reconcile } = catalogCommands;
  site.answer(reconcile.subject, ({ archives }: { archives: { name: string }[] }) => {
    calls.push(`reconcile ${archives.map(({ name }) => name).join(' ')}`);
    return { vanished: ['lost'], reappeared: [], unknown: [], position: null };
  });
  site.answer(begin.subject, (request: Record<string, unknown>) => {
    calls.push('begin');
    begun = request;
    return { series: randomUUID(), first_number: 0, previous_entries: 0 };
  });
  site.answer(addEntries.subject, (request: { entries: PackedEntries }) => {
    calls.push('add');
    entries.push(...unpackEntries(request.entries));
    return { position: '1' };
  });
  site.answer(complete.subject, (request: { entries: number; unsafe: string | null }) => {
    calls.push(`complete ${request.entries}`);
    unsafe = request.unsafe;
    return { position: '1' };
  });
  site.answer(abandon.subject, () => {
    calls.push('abandon');
    return { position: '1' };
  });
});

afterAll(() => site[Symbol.asyncDispose]());

beforeEach(() => {
  calls = [];
  entries = [];
});

const catalog = (archive: string, master_job: string) =>
  site.runJob({ job_type: 'catalog', archive_name: archive, master_job, machine: { id: '101', name: 'web' } });

it('lists an archive with the true bytes of its names', async () => {
  const source = join(site.folder, 'source');
  const odd = Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0x61, 0xff])]);
  await mkdir(join(source, 'folder'));
  await writeFile(odd, 'odd');
  await writeFile(join(source, 'folder', 'new\nline "and\' more'), 'x');
  await link(odd, join(source, 'hard'));
  await symlink('away', join(source, 'link'));
  await promisify(execFile)('mknod', [join(source, 'null'), 'c', '1', '3']);
  await site.borg('create', '::awkward', source);
  await rm(odd);

  const backup = randomUUID();
  const ended = await catalog('awkward', backup);
  expect(ended).toMatchObject({ status: 'successful' });
  // No prune follows that would compare the catalog with the repository.
  expect(calls).toEqual(['begin', 'add', 'complete 7', 'reconcile awkward']);
  expect(await site.output(ended.job)).toMatch(/Gone from the repository without us: lost/);
  expect(begun).toMatchObject({
    job: backup,
    repository: site.repository.uuid,
    policy: site.policyUuid,
    client: site.clientUuid,
    machine: '101',
  });
  const byName = new Map(entries.map((entry) => [entry.path.slice(source.length - 1), entry]));
  expect([...byName.keys()].sort()).toEqual(
    ['', '/a\udcff', '/folder', '/folder/new\nline "and\' more', '/hard', '/link', '/null'].sort(),
  );
  expect(byName.get('/link')).toMatchObject({ type: 'l', target: 'away', owner: 'root', uid: 0 });
  expect(byName.get('/null')).toMatchObject({ type: 'c', mode: 'crw-r--r--', size: 0 });
  expect(byName.get('')?.mtime).toBeGreaterThan(1_600_000_000_000_000);
});

it('leaves out the entries of a hostile archive that are not safe, and says why it is not', async () => {
  const tar = hostileTar([
    { path: 'good' },
    { path: 'a/../../../etc/x' },
    { path: 'd', type: 'link', to: '/etc' },
    { path: 'd/passwd' },
  ]);
  await writeFile(join(site.folder, 'hostile.tar'), tar);
  await site.borg('import-tar', '::hostile', join(site.folder, 'hostile.tar'));
  const { status, job } = await catalog('hostile', randomUUID());
  expect(status).toBe('successful');
  expect(entries.map(({ path }) => path)).toEqual(['good', 'd']);
  const reason = '"a/../../../etc/x" leaves its folder by "..", and 1 more of its entries are not safe either.';
  expect(unsafe).toBe(reason);
  expect(await site.output(job)).toContain(`The archive is not safe to extract: ${reason}`);
});

it('lists an archive again in which a path comes more than once, of which the last one counts', async () => {
  const tar = hostileTar([{ path: 'f', content: 'first' }, { path: 'g' }, { path: 'f', content: 'last one' }]);
  await writeFile(join(site.folder, 'twice.tar'), tar);
  await site.borg('import-tar', '::twice', join(site.folder, 'twice.tar'));
  expect(await catalog('twice', randomUUID())).toMatchObject({ status: 'successful' });
  expect(calls).toEqual(['begin', 'abandon', 'begin', 'add', 'complete 2', expect.stringMatching(/^reconcile/)]);
  expect(entries.slice(-2).map(({ path, size }) => [path, size])).toEqual([
    ['g', 4],
    ['f', 8],
  ]);
  expect(unsafe).toBeNull();
});

it("fails the job with the archive's name when the archive is gone, and abandons the listing", async () => {
  const { status, end } = await catalog('no-such-archive', randomUUID());
  expect(status).toBe('failed');
  expect(end['reason']).toMatch(/no-such-archive/);
  expect(calls).toEqual(['begin', 'abandon']);
});
