import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startJobSite, type JobSite } from '../../testing/job-site.ts';

let site: JobSite;
let folder: string;

/** Borg on the executor, but after it has made an archive and before it ends the connection to the client breaks, when the test says so. */
const standIn = (): string => `#!/bin/sh
real=$(PATH=\${PATH#*:} command -v borg)
[ "$1" = create ] && [ -n "$CYBORGBACKUP_MOUNT" ] || exec "$real" "$@"
trap '' TERM
"$real" "$@"
touch ${folder}/made
until [ -e ${folder}/break ]; do sleep 0.1; done
pkill -KILL -f "^sshfs .*$CYBORGBACKUP_MOUNT"
sleep 1`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-bin-'));
  await writeFile(join(folder, 'borg'), standIn());
  await chmod(join(folder, 'borg'), 0o755);
  site = await startJobSite();
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
  await writeFile(join(site.folder, 'source', 'file'), 'file');
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await site[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

beforeEach(() => Promise.all(['made', 'break'].map((name) => rm(join(folder, name), { force: true }))));

/** The attempt whose client goes away when borg has just made the archive, and what else happens then. */
const halfRead = async (archive_name: string, meanwhile: () => Promise<void>): Promise<void> => {
  const policy = { mode_pull: true, max_attempts: 1, uuid: randomUUID() };
  const one = await site.start({ archive_name, policy });
  await vi.waitUntil(() => existsSync(join(folder, 'made')), 30_000);
  await meanwhile();
  await writeFile(join(folder, 'break'), '');
  expect(await site.ended(one)).toMatchObject({ status: 'failed', end: { exit_code: 125 } });
};

it('removes an archive that may lack files', async () => {
  await halfRead('half', async () => expect(await site.archives()).toContain('half'));
  expect(await site.archives()).not.toContain('half');
});

it('keeps an archive of the same name that another attempt has made', async () => {
  await halfRead('whole', async () => {
    await site.borg('delete', '::whole');
    await site.borg('create', '::whole', join(site.folder, 'source'));
  });
  expect(await site.archives()).toContain('whole');
});
