import {
  archiveContent,
  archiveReadsStream,
  catalogCommands,
  RUN_ON_REPOSITORY_HOST_SETTING,
  type RestoreRequest,
} from '@cyborgbackup/contracts';
import { openByteStream } from '@cyborgbackup/messaging';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { settingChanged } from '../testing/job-fixtures.ts';
import { startJobSite, type EndedJob, type JobSite, type JobSketch } from '../testing/job-site.ts';

/** Whoever has root on a repository's host decides what `borg` and `sh` are there. These write down all that they are given. */
let site: JobSite;
let bin: string;
let dump: string;

/** Standard input goes through a pipe of its own, so that the end of the real program is the end of this one. */
const spy = (real: string): string => `#!/bin/sh
{ echo "=== $0 $*"; env; [ ! -p /dev/fd/4 ] || cat <&4; } >>"${dump}" 2>&1
pipe=$(mktemp -u) && mkfifo "$pipe" && exec 3<&0
tee -a "${dump}" <&3 >"$pipe" &
${real} "$@" <"$pipe" 3<&-
status=$?
kill "$!"
rm -f "$pipe"
exit "$status"`;

const archive_name = 'one';

beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), 'cyborgbackup-spies-'));
  dump = join(bin, 'dump');
  for (const [name, real] of [
    ['borg', '/usr/bin/borg'],
    ['sh', '/bin/sh'],
  ] as const) {
    await writeFile(join(bin, name), spy(real));
    await chmod(join(bin, name), 0o755);
  }
  site = await startJobSite({ repositoryPath: bin });
  const file = join(site.folder, 'source', 'file');
  await writeFile(file, 'content');
  const { begin, addEntries, complete, reconcile, sample } = catalogCommands;
  site.answer(begin.subject, () => ({ series: randomUUID(), first_number: 0, previous_entries: 0 }));
  for (const { subject } of [addEntries, complete]) site.answer(subject, () => ({ position: '1' }));
  site.answer(reconcile.subject, () => ({ vanished: [], reappeared: [], unknown: [], position: null }));
  const { mtime, size } = await stat(file);
  site.answer(sample.subject, () => ({ files: [{ path: file.slice(1), size, mtime: mtime.toISOString() }] }));
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await rm(bin, { recursive: true });
});
beforeEach(() => writeFile(dump, ''));

/** The part of the passphrase that no quoting changes. */
const secret = (): string => site.passphrase.split(' ').at(-1) ?? '';

const restore = (destination: RestoreRequest['destination']): JobSketch & { readonly restore: RestoreRequest } => ({
  job_type: 'restore',
  archive_name,
  restore: {
    ...{ item: '', items: [join(site.folder, 'source/file').slice(1)], patterns: [], destination, replace: 'always' },
    ...{ dest_folder: join(site.folder, `restored-${destination}`), verify: 'contents', numeric_ids: false },
    ...{ dry_run: false, database: false, allow_unsafe: false },
  },
});

const ofRepository = { client: null, archive_name: null };

/** Borg serves the repository there, so the spies were asked; `shell` is for scripts of ours, which borg is no part of. */
it.each<[string, () => JobSketch, boolean]>([
  ['prepares the repository', () => ({ job_type: 'check', check: 'repository', ...ofRepository }), true],
  [
    'prepares a client to be pulled',
    () => ({ job_type: 'check', check: 'client', archive_name: null, policy: { mode_pull: true } }),
    false,
  ],
  ['backs up', () => ({ archive_name }), false],
  ['pulls', () => ({ policy: { mode_pull: true, uuid: randomUUID() } }), false],
  ['lists an archive', () => ({ job_type: 'catalog', archive_name, master_job: randomUUID() }), false],
  ['prunes', () => ({ job_type: 'prune', archive_name: null }), false],
  ['checks', () => ({ job_type: 'check', check: 'archives', ...ofRepository }), false],
  ['verifies all data', () => ({ job_type: 'integrity', ...ofRepository }), false],
  [
    'drills',
    () => ({ job_type: 'restore', archive_name, drill: { seed: 's', files: 1 }, master_job: randomUUID() }),
    false,
  ],
  ['restores to a client', () => restore('client'), false],
  ['restores to its own host', () => restore('repository'), true],
])('a job that %s shows no passphrase and no private key to the repository host', async (_name, sketch, shell) => {
  const { status, reason } = await site.runJob(sketch());
  expect([status, reason]).toEqual(['successful', '']);
  const seen = await readFile(dump, 'latin1');
  if (shell) expect(seen).toContain('cyborgbackup-start');
  expect(seen).not.toContain(secret());
  expect(seen).not.toContain('PRIVATE KEY');
});

it('neither does a download', async () => {
  const paths = [join(site.folder, 'source/file').slice(1)];
  const asked = { job: randomUUID(), archive: archive_name, kind: 'file', paths, range: null };
  const data = { ...asked, repository: site.repository.uuid };
  await site.append(archiveReadsStream(asked.job), { type: 'archive-content-read', data });
  const { body } = await openByteStream(site.deps.connection, {
    ...{ subject: archiveContent.subject, head: archiveContent.head },
    request: { ...asked, repository: site.repository, size: null, read: 1 },
  });
  expect((await buffer(body)).toString()).toBe('content');
  const seen = await readFile(dump, 'latin1');
  expect(seen).toMatch(/=== .*borg serve/);
  expect(seen).not.toContain(secret());
});

it('a repository without encryption in the place of ours gets no data, from a client or from here', async () => {
  const place = join(site.folder, 'repository');
  await rename(place, `${place}-ours`);
  const env = { ...process.env, BORG_BASE_DIR: join(site.folder, 'borg-of-the-host') };
  execFileSync('borg', ['init', '--encryption=none', place], { env });
  for (const mode_pull of [false, true]) {
    const reason = expect.stringMatching(/not encrypted in the way that ours is/);
    expect(await site.runJob({ policy: { mode_pull } })).toMatchObject({ status: 'failed', reason });
  }
  expect(execFileSync('borg', ['list', place], { env, encoding: 'utf8' })).toBe('');
  await rm(place, { recursive: true });
  await rename(`${place}-ours`, place);
});

it('a repository host on which borg may run learns the passphrase', async () => {
  await site.append('settings', settingChanged(RUN_ON_REPOSITORY_HOST_SETTING, 'True'));
  const ended: EndedJob = await site.runJob({ job_type: 'check', check: 'archives', ...ofRepository });
  expect(ended.status).toBe('failed');
  expect(await readFile(dump, 'latin1')).toContain(secret());
});
