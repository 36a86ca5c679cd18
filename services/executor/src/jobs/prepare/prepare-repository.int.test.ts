import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { PASSPHRASE } from '../../testing/connection-site.ts';
import { startPrepareSite, type PrepareSite } from '../../testing/prepare-site.ts';
import { prepareRepository } from './prepare-repository.ts';

const run = promisify(execFile);

const PREPARED = 'inventory.repository.record-preparation';
const ESCROW = 'inventory.repository.escrow-key';

let here: PrepareSite;
beforeAll(async () => {
  here = await startPrepareSite({ repositoryTakes: ['control'], ownKeySeen: false });
});
beforeEach(() => {
  here.calls.length = 0;
  here.lines.length = 0;
});
afterAll(() => here[Symbol.asyncDispose]());

const toldOf = (site: PrepareSite, subject: string): Record<string, unknown> | undefined =>
  site.calls.find((one) => one.subject === subject)?.request;

const authorizedKeys = (): string => join(here.site.repositoryHost.dir, '.ssh/authorized_keys');

/** Another repository on the same host. */
const beside = (name: string): string => here.site.repository.path.replace(/repository$/, name);

/** With the executor's folders, where a key in a file has to be. */
const init = async (name: string, encryption: string, passphrase: string): Promise<void> => {
  const env = { ...process.env, BORG_BASE_DIR: join(here.site.folder, 'executor'), BORG_PASSPHRASE: passphrase };
  await run('borg', ['init', '-e', encryption, join(here.site.folder, name)], { env });
};

it('adopts an existing repository, keeps a copy of its key, and installs the line for its own SSH key', async () => {
  expect(await prepareRepository(here.context())).toMatchObject({ warnings: [] });
  expect(toldOf(here, PREPARED)).toMatchObject({ encryption: 'repokey-blake2', initialised: false });
  expect(toldOf(here, PREPARED)).toMatchObject({ own_key: true, key_installed: true });
  expect(toldOf(here, ESCROW)).toMatchObject({
    borg_id: toldOf(here, PREPARED)?.['borg_id'],
    key: expect.stringMatching(/^BORG_KEY [0-9a-f]{64}\n/),
  });
  const [, key] = here.site.ownKey.publicKey.split(' ');
  const [control, line] = (await readFile(authorizedKeys(), 'utf8')).split('\n');
  expect(control).toBe(here.site.controlKey.publicKey.trim());
  expect(line).toMatch(/^command="borg serve .*\/repository",restrict ssh-ed25519 \S+ cyborgbackup-repository-3$/);
  expect(line).toContain(key);
  expect(here.lines).toContainEqual(expect.stringMatching(/^verbose: Added this repository's own key to \S+ on /));
  expect(here.lines.join('\n')).not.toContain('BORG_KEY');
  here.calls.length = 0;
  await prepareRepository(here.context());
  expect(toldOf(here, PREPARED)).toMatchObject({ own_key: true, key_installed: false });
});

it('initialises a repository where there is none', async () => {
  await prepareRepository(here.context({ path: beside('deep/new') }));
  expect(toldOf(here, PREPARED)).toMatchObject({ encryption: 'repokey-blake2', initialised: true });
  expect(toldOf(here, ESCROW)).toBeDefined();
});

it('adopts an unencrypted repository with a warning, and without a key', async () => {
  await init('plain', 'none', '');
  await prepareRepository(here.context({ path: beside('plain') }));
  expect(toldOf(here, PREPARED)).toMatchObject({ encryption: 'none', initialised: false });
  expect(toldOf(here, ESCROW)).toBeUndefined();
  expect(here.lines).toContainEqual(expect.stringMatching(/^system_warning: This repository is not encrypted/));
});

it('adopts a repository whose key is in a file with a warning', async () => {
  await init('keyfile', 'keyfile-blake2', PASSPHRASE);
  await prepareRepository(here.context({ path: beside('keyfile') }));
  expect(toldOf(here, PREPARED)).toMatchObject({ encryption: 'keyfile-blake2' });
  expect(toldOf(here, ESCROW)).toMatchObject({ key: expect.stringMatching(/^BORG_KEY /) });
  expect(here.lines).toContainEqual(expect.stringMatching(/^system_warning: This repository's key is in a file/));
});

it('refuses a repository that our passphrase does not open', async () => {
  await init('other', 'repokey-blake2', 'another passphrase');
  await expect(prepareRepository(here.context({ path: beside('other') }))).rejects.toThrow(/passphrase is wrong/);
  expect(here.calls).toEqual([]);
});

it('prepares a repository whose host gives no shell with its own key, and otherwise says which line to paste', async () => {
  await using restricted = await startPrepareSite({ repositoryTakes: ['own'], ownKeySeen: false });
  await prepareRepository(restricted.context());
  expect(toldOf(restricted, PREPARED)).toMatchObject({ own_key: true, key_installed: false, initialised: false });
  expect(toldOf(restricted, ESCROW)).toBeDefined();
  expect(restricted.lines.join('\n')).not.toContain('system_warning');
  const keysFile = join(restricted.site.repositoryHost.dir, '.ssh/authorized_keys');
  // As on hosts that rent out space: nothing but their own borg, of which there are several, and no other word before it.
  const only = `case "$SSH_ORIGINAL_COMMAND" in 'borg-1.4 serve '*) exec borg serve ;; esac; echo 'Only borg here.'; exit 1`;
  await writeFile(keysFile, `command="${only.replaceAll('"', '\\"')}",restrict ${restricted.site.ownKey.publicKey}\n`);
  await expect(prepareRepository(restricted.context())).rejects.toThrow(
    /^The repository host answered "Only borg here\." instead of borg\. .*/,
  );
  restricted.serveBy('borg-1.4');
  await prepareRepository(restricted.context());
  await writeFile(keysFile, '');
  await expect(prepareRepository(restricted.context())).rejects.toThrow(
    /does not take .* Put this line into the authorized_keys of \S+ on 127\.0\.0\.1, .*: command="borg-1\.4 serve /,
  );
});

it('says so when there is no program of the name that the repository gives', async () => {
  here.serveBy('/opt/borg/bin/borg');
  await expect(prepareRepository(here.context())).rejects.toThrow(
    /^There is no \/opt\/borg\/bin\/borg on \S+, which the repository has as its remote_path/,
  );
  here.serveBy('borg');
});

it('says so when sshd reads another file than the one that the line was added to', async () => {
  await using elsewhere = await startPrepareSite({
    ...{ repositoryTakes: ['control'], ownKeySeen: false, initialised: false },
    repositoryEnvironment: { HOME: here.site.folder },
  });
  await expect(prepareRepository(elsewhere.context())).rejects.toThrow(
    /does not take .*although the line is in ~\/\.ssh\/authorized_keys there \(does sshd read another file\?\)\. Put this line/,
  );
  expect(elsewhere.calls).toEqual([]);
});
