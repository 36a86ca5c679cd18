import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPrepareSite, type PrepareSite } from '../../testing/prepare-site.ts';
import { prepareClient } from './prepare-client.ts';

/** Hiding a program takes a mount namespace. */
const isRoot = process.getuid?.() === 0;

const PREPARED = 'inventory.client.record-preparation';

let here: PrepareSite;
let folder: string;

/** A program in the client's PATH, before its own. */
const standIn = async (name: string, script: string): Promise<void> => {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
};

/**
 * A client without borg: every command runs in a mount namespace of its own, in which something that is no program covers
 * it, until the stand-in for apt-get has "installed" it.
 */
const withoutBorg = async (): Promise<string> => {
  const script = join(folder, 'without-borg');
  const covered = `[ -e ${folder}/installed ] || mount --bind /dev/null /usr/bin/borg; exec sh -c "$SSH_ORIGINAL_COMMAND"`;
  await writeFile(script, `#!/bin/sh\nexec unshare -m sh -c '${covered}'\n`);
  await chmod(script, 0o755);
  return `ForceCommand ${script}`;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-prepare-'));
  here = await startPrepareSite({ clientPath: folder, clientConfig: isRoot ? [await withoutBorg()] : [] });
});
beforeEach(async () => {
  here.calls.length = 0;
  here.lines.length = 0;
  await Promise.all(['installed', 'log'].map((name) => rm(join(folder, name), { force: true })));
});
afterAll(async () => {
  await here[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const log = async (): Promise<string[]> =>
  existsSync(join(folder, 'log')) ? (await readFile(join(folder, 'log'), 'utf8')).trim().split('\n') : [];

const aptThatInstalls = (): Promise<void> =>
  standIn('apt-get', `echo "$*" >>${folder}/log; case "$*" in *install*) : >${folder}/installed ;; esac`);

it("reports a client with borg as ready, with borg's version", async () => {
  await writeFile(join(folder, 'installed'), '');
  await prepareClient(here.context());
  expect(here.calls).toEqual([
    {
      subject: PREPARED,
      request: { uuid: here.site.target.uuid, version: expect.stringMatching(/^1\.[24]\./), ready: true },
    },
  ]);
});

describe.skipIf(!isRoot)('the preparation of a client without borg', () => {
  it('names the missing programs, and installs nothing without permission', async () => {
    await aptThatInstalls();
    await expect(prepareClient(here.context())).rejects.toThrow(
      /Not installed on 127\.0\.0\.1: borg\. Run "apt-get install borgbackup" there as root, or turn the setting cyborgbackup_install_borg on/,
    );
    expect(await log()).toEqual([]);
    expect(here.calls).toEqual([]);
  });

  it('installs borg from the distribution where the setting allows it', async () => {
    here.set('cyborgbackup_install_borg', 'True');
    await aptThatInstalls();
    await prepareClient(here.context());
    expect((await log()).map((line) => line.replace(/^-qq -o \S+ /, ''))).toEqual([
      'update',
      'install -y --no-install-recommends borgbackup',
    ]);
    expect(here.calls).toHaveLength(1);
    here.set('cyborgbackup_install_borg', 'False');
  });

  it('says why an installation failed', async () => {
    here.set('cyborgbackup_install_borg', 'True');
    await standIn('apt-get', 'echo "E: Unable to locate package borgbackup" >&2; exit 100');
    await expect(prepareClient(here.context())).rejects.toThrow(
      /apt-get could not install borgbackup on 127\.0\.0\.1: E: Unable to locate package borgbackup\. Try "apt-get install borgbackup"/,
    );
    here.set('cyborgbackup_install_borg', 'False');
  });

  it('lets the client be backed up in pull mode, but not in push mode', async () => {
    await prepareClient(here.context({ pull: true }));
    expect(here.calls).toEqual([
      { subject: PREPARED, request: { uuid: here.site.target.uuid, version: '', ready: false } },
    ]);
    expect(here.lines).toContainEqual(expect.stringMatching(/Borg will run on the host of the executor/));
  });
});

it('upgrades a marked client where that is allowed, and says so otherwise', async () => {
  await writeFile(join(folder, 'installed'), '');
  await aptThatInstalls();
  const stream = `client-${here.site.target.uuid}`;
  const mark = { uuid: here.site.target.uuid, mark_as_to_update: true };
  here.site.events.set(stream, [{ type: 'client-changed', data: mark }]);
  await prepareClient(here.context());
  expect(await log()).toEqual([]);
  expect(here.lines).toContainEqual(expect.stringMatching(/Not upgraded on 127\.0\.0\.1: borg/));
  here.set('cyborgbackup_install_borg', 'True');
  await prepareClient(here.context());
  expect((await log()).at(-1)).toMatch(/install -y --only-upgrade borgbackup$/);
  here.set('cyborgbackup_install_borg', 'False');
  here.site.events.delete(stream);
});

it("warns of an account without root's rights", async () => {
  await writeFile(join(folder, 'installed'), '');
  await mkdir(folder, { recursive: true });
  await standIn('id', 'echo 1000');
  await standIn('sudo', 'echo "a password is required" >&2; exit 1');
  await prepareClient(here.context());
  expect(here.lines).toContainEqual(expect.stringMatching(/is not root there and has no sudo/));
  await Promise.all(['id', 'sudo'].map((name) => rm(join(folder, name))));
});
