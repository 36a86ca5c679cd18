import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { authorizedKeysLine, type AuthorizedKeysOptions } from './authorized-keys-line.ts';
import { createLocalSite, initialise } from '../testing/borg-site.ts';
import { createCommand } from '../commands/create.ts';
import { deleteCommand } from '../commands/archives.ts';
import { infoCommand, initCommand } from '../commands/repository.ts';
import { explainFailure } from '../explain/explain-failure.ts';
import { knownHostsLine } from './host-key.ts';
import { startLocalAgent } from '../agent/local-agent.ts';
import type { BorgResult } from '../runner/run-borg.ts';
import { generateKeyPair } from './key.ts';
import { createTestHost } from '../testing/test-host.ts';

/** What the account there may export for reasons of its own. */
const OF_THE_ACCOUNT = {
  BORG_PASSPHRASE: 'of the account',
  BORG_PASSCOMMAND: 'false',
  BORG_REPO: '/of/the/account',
  BORG_RSH: 'false',
  BORG_BASE_DIR: '/of/the/account',
  BORG_CONFIG_DIR: '/of/the/account',
  BORG_WORKAROUNDS: 'basesyncfile',
  BORG_EXIT_CODES: 'legacy',
  PYTHONWARNINGS: 'ignore',
  LC_ALL: 'nonsense',
};

interface SiteOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Changes the line. */
  readonly change?: (line: string) => string;
}

/** Borg here, a repository behind sshd that takes the printed line alone. */
const startSite = async (
  more: Partial<AuthorizedKeysOptions> = {},
  { environment = OF_THE_ACCOUNT, change = (line) => line }: SiteOptions = {},
) => {
  const local = await createLocalSite();
  const key = await generateKeyPair({ type: 'ed25519', comment: '' });
  const path = `${local.dir}/my "main" repo's $(id)`;
  const line = authorizedKeysLine({ publicKey: key.publicKey, path, repositoryId: 1, ...more });
  const host = await createTestHost({ authorizedKeys: [change(line)], environment }, key);
  const { user, port, hostKey } = host.sshd;
  const [type = '', base64 = ''] = hostKey.publicKeyLine.split(' ');
  const agent = await startLocalAgent([{ privateKey: key.privateKey, destination: { user, hostKeys: [base64] } }]);
  const url = (folder: string): string => `ssh://${user}@127.0.0.1:${port}${folder}`;
  const run = ([command = '', ...words]: readonly string[]): Promise<BorgResult> =>
    local.run({
      argv: [command, '--debug-topic=repository.CYBORGBACKUP_JOB_MARK=x', ...words],
      agentSocket: agent.socket,
      knownHosts: [knownHostsLine('127.0.0.1', port, { type, base64 })],
      env: local.env,
    });
  return {
    run,
    url,
    path,
    local,
    host,
    repository: url(path),
    [Symbol.asyncDispose]: async () => {
      for (const thing of [agent, host, local]) await thing[Symbol.asyncDispose]();
    },
  };
};

test('a restricted key opens its own repository, and neither another repository nor a shell', async () => {
  await using site = await startSite();
  const init = initCommand({ repository: site.repository, encryption: 'repokey-blake2' });
  expect(await site.run(init)).toMatchObject({ outcome: 'success' });
  expect(await site.run(infoCommand({ repository: site.repository }))).toMatchObject({ outcome: 'success' });
  await initialise(site.local);
  const other = await site.run(infoCommand({ repository: site.url(site.local.repository) }));
  expect(explainFailure(other)).toMatchObject({ kind: 'repository-auth' });
  const session = await site.host.connect();
  const said: string[] = [];
  await session.exec('id', { onStdout: (chunk) => void said.push(chunk.toString()) });
  expect(said.join('')).not.toMatch(/uid=/);
});

test('deleted archives can be taken back from an append-only repository, and its quota holds', async () => {
  await using site = await startSite({ appendOnly: true, storageQuota: '10M' });
  await site.run(initCommand({ repository: site.repository, encryption: 'none' }));
  const create = createCommand({ repository: site.repository, archive: 'a', source: { paths: ['/etc/hostname'] } });
  expect(await site.run(create)).toMatchObject({ outcome: 'success' });
  expect(await site.run(deleteCommand({ repository: site.repository, archives: ['a'] }))).toMatchObject({
    outcome: 'success',
  });
  const dump = ['head', '-c', '20000000', '/dev/urandom'];
  const large = createCommand({ repository: site.repository, archive: 'b', source: { command: dump, name: 'b' } });
  expect(explainFailure(await site.run(large))).toMatchObject({ kind: 'no-space' });
  // Borg's record of what may be taken back.
  expect(readFileSync(`${site.path}/transactions`, 'utf8')).toMatch(/^transaction \d+/);
});

test.each<[string, SiteOptions, RegExp]>([
  [
    'whose Python cannot start',
    { environment: { PYTHONHOME: '/of/the/account' } },
    /Python cannot start borg .* unset these there\.$/,
  ],
  [
    'whose start-up files print something',
    { change: (line) => line.replace('borg serve', 'echo "Last login:"; borg serve'.replaceAll('"', '\\"')) },
    /answered "Last login:.*" instead of borg\. .* they must print nothing\.$/,
  ],
  [
    'without a shell',
    { change: (line) => line.replace(/command=".*"/, 'command="/usr/sbin/nologin"') },
    /answered "This account is currently not available\." instead of borg/,
  ],
  [
    'without that borg',
    { change: (line) => line.replace('borg serve', 'borg-1.4 serve') },
    /cannot start borg \(.*borg-1\.4: .*not found\)\. Install it there, or correct the remote_path/,
  ],
])('a repository host %s is explained', async (_name, options, message) => {
  await using site = await startSite({}, options);
  const { kind, message: sentence } = explainFailure(await site.run(infoCommand({ repository: site.repository })));
  // Where borg sees the end of the connection before the host's words, it drops them.
  if (kind === 'repository-unreachable') expect(sentence).toMatch(/closed the connection.*\. Is borg installed there/);
  else expect([kind, sentence]).toEqual(['no-borg', expect.stringMatching(message)]);
});
