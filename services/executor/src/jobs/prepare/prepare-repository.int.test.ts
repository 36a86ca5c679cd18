import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
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

/** Another repository on the same host. */
const beside = (name: string): string => here.site.repository.path.replace(/repository$/, name);

const init = async (name: string, encryption: string, passphrase: string): Promise<void> => {
  const env = { ...process.env, BORG_BASE_DIR: join(here.site.folder, 'server'), BORG_PASSPHRASE: passphrase };
  await run('borg', ['init', '-e', encryption, join(here.site.folder, name)], { env });
};

it('adopts an existing repository, keeps a copy of its key, and prints the line for its own SSH key', async () => {
  expect(await prepareRepository(here.context())).toMatchObject({ warnings: [] });
  expect(toldOf(here, PREPARED)).toMatchObject({ encryption: 'repokey-blake2', initialised: false, own_key: false });
  expect(toldOf(here, ESCROW)).toMatchObject({
    borg_id: toldOf(here, PREPARED)?.['borg_id'],
    key: expect.stringMatching(/^BORG_KEY [0-9a-f]{64}\n/),
  });
  const key = here.site.ownKey.publicKey.split(' ')[1];
  expect(here.lines.join('\n')).toMatch(
    new RegExp(
      `system_warning: .*authorized_keys.*\ncommand="borg serve .*/repository",restrict ssh-ed25519 ${key?.replaceAll(/[+/]/g, '\\$&')} cyborgbackup-repository-3`,
    ),
  );
  expect(here.lines.join('\n')).not.toContain('BORG_KEY');
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

it('prepares a repository behind a forced command from this host, with its own key', async () => {
  await using restricted = await startPrepareSite({ repositoryTakes: ['own'], ownKeySeen: false });
  // Borg runs here, and would keep its cache in our home folder.
  vi.stubEnv('HOME', join(restricted.site.folder, 'executor'));
  await prepareRepository(restricted.context()).finally(() => vi.unstubAllEnvs());
  expect(toldOf(restricted, PREPARED)).toMatchObject({ own_key: true, initialised: false });
  expect(toldOf(restricted, ESCROW)).toBeDefined();
  expect(restricted.lines.join('\n')).not.toContain('system_warning');
});
