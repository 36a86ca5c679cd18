import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BorgSite, createPushSite, initialise } from '../testing/borg-site.ts';
import { createCommand, type CreateCommandOptions } from '../commands/create.ts';
import { infoCommand, initCommand } from '../commands/repository.ts';
import { listEntriesCommand } from '../commands/archives.ts';
import { explainFailure } from './explain-failure.ts';
import { knownHostsLine } from '../ssh/host-key.ts';
import type { RunBorgOptions } from '../runner/run-borg.ts';
import { generateKeyPair } from '../ssh/key.ts';
import { createTestHost, until } from '../testing/test-host.ts';

let site: Awaited<ReturnType<typeof createPushSite>>;
let info: string[];
beforeAll(async () => {
  site = await createPushSite();
  info = infoCommand({ repository: site.repository });
  await initialise(site);
});
afterAll(() => site[Symbol.asyncDispose]());

const failureOf = async (options: RunBorgOptions, where: BorgSite = site): Promise<string> => {
  const result = await where.run(options);
  expect(result.outcome).toBe('error');
  const { kind, message } = explainFailure(result);
  expect(message).not.toMatch(/Traceback|undefined|\n/);
  return kind;
};

const elsewhere = (path: string): string => site.repository.replace(/\/repo$/, path);

test('a wrong or missing passphrase is explained as such', async () => {
  expect(await failureOf({ argv: info, passphrase: 'wrong' })).toBe('passphrase');
  expect(await failureOf({ argv: info, passphrase: undefined })).toBe('passphrase');
});

test('a repository that is missing, is none, or exists already is explained as such', async () => {
  await mkdir(`${site.dir}/folder`);
  expect(await failureOf({ argv: infoCommand({ repository: elsewhere('/nothing') }) })).toBe('no-repository');
  expect(await failureOf({ argv: infoCommand({ repository: elsewhere('/folder') }) })).toBe('bad-repository');
  expect(await failureOf({ argv: initCommand({ repository: site.repository, encryption: 'none' }) })).toBe(
    'repository-exists',
  );
});

test('an archive that exists already or is missing is explained as such', async () => {
  const create: CreateCommandOptions = {
    repository: site.repository,
    archive: 'a',
    source: { paths: ['/etc/hostname'] },
  };
  expect((await site.run({ argv: createCommand(create) })).outcome).toBe('success');
  expect(await failureOf({ argv: createCommand(create) })).toBe('archive-exists');
  expect(await failureOf({ argv: listEntriesCommand({ repository: site.repository, archive: 'b' }) })).toBe(
    'no-archive',
  );
});

test('a path that the repository host does not allow is explained as an authorization failure', async () => {
  expect(await failureOf({ argv: infoCommand({ repository: elsewhere('/../elsewhere') }) })).toBe('repository-auth');
});

test('a repository host whose key is not the one on record is explained as a host key failure', async () => {
  const { host, port } = site.server.sshd;
  const key = (await generateKeyPair({ type: 'ed25519', comment: '' })).publicKey;
  const [type = '', base64 = ''] = key.split(' ');
  expect(await failureOf({ argv: info, knownHosts: [knownHostsLine(host, port, { type, base64 })] })).toBe(
    'repository-host-key',
  );
  expect(await failureOf({ argv: info, knownHosts: ['other.example ssh-ed25519 AAAA'] })).toBe('repository-host-key');
});

test('without known hosts an unknown repository host is refused', async () => {
  expect(await failureOf({ argv: info, knownHosts: undefined })).toBe('repository-host-key');
});

test('a repository host that refuses the key is told from one that does not answer', async () => {
  await using stranger = await createTestHost();
  const { host, port, hostKey } = stranger.sshd;
  const [type = '', base64 = ''] = hostKey.publicKeyLine.split(' ');
  const url = info.map((word) => word.replace(`:${site.server.sshd.port}/`, `:${port}/`));
  expect(await failureOf({ argv: url, knownHosts: [knownHostsLine(host, port, { type, base64 })] })).toBe(
    'repository-auth',
  );
  const closed = info.map((word) => word.replace(`:${site.server.sshd.port}/`, ':1/'));
  expect(await failureOf({ argv: closed })).toBe('repository-unreachable');
});

test('a locked repository is explained as locked', async () => {
  const script = `touch ${site.dir}/started; until [ -e ${site.dir}/go ]; do sleep 0.05; done`;
  const source = { command: ['sh', '-c', script], name: 'x' };
  const holder = site.run({ argv: createCommand({ repository: site.repository, archive: 'holder', source }) });
  await until('borg holds the lock', () => existsSync(`${site.dir}/started`));
  expect(await failureOf({ argv: info })).toBe('locked');
  await writeFile(`${site.dir}/go`, '');
  expect((await holder).outcome).toBe('success');
});

test('missing borg, a missing folder and a failing dump are explained as such', async () => {
  expect(await failureOf({ argv: info, env: { ...site.env, PATH: '/usr/share' } })).toBe('no-borg');
  expect(await failureOf({ argv: info, directory: '/no/such/folder' })).toBe('no-directory');
  const dump = { repository: site.repository, archive: 'dump', source: { command: ['no-such-program'], name: 'x' } };
  expect(await failureOf({ argv: createCommand(dump) })).toBe('dump');
});

test.each([
  'pg_dump: error: connection to server at "db", port 5432 failed: Connection refused',
  'root@files: Permission denied (publickey).',
  'tar: Cannot write: No space left on device',
])('a failing dump is explained with its own last words: %s', async (line) => {
  const source = { command: ['sh', '-c', 'echo "$1" >&2; exit 1', 'sh', line], name: 'x' };
  const result = await site.run({ argv: createCommand({ repository: site.repository, archive: 'failing', source }) });
  expect(explainFailure(result)).toEqual({
    kind: 'dump',
    message: `The command to back up failed, so no archive was kept: Command 'sh' exited with status 1. It said: ${line}`,
  });
});
