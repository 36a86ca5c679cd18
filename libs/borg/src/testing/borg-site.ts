import { mkdir } from 'node:fs/promises';
import type { BorgRunner } from '../runner/borg-runner.ts';
import { initCommand } from '../commands/repository.ts';
import { createForwardedAgent } from '../agent/forwarded-agent.ts';
import { knownHostsLine } from '../ssh/host-key.ts';
import { localRunner } from '../runner/local-runner.ts';
import { toBorgUrl } from '../commands/repository-location.ts';
import { type BorgResult, runBorg, type RunBorgOptions } from '../runner/run-borg.ts';
import { generateKeyPair } from '../ssh/key.ts';
import { sshRunner } from '../runner/ssh-runner.ts';
import { createTestDir, createTestHost, type TestHost } from './test-host.ts';

/** Has everything that shells and borg could take for their own. */
export const PASSPHRASE = `p'a"ss $(id) \`id\` \\n {now} ünï%s`;

/** What an account may export for reasons of its own. Nothing of it may reach our borg. */
const OF_THE_ACCOUNT = {
  BORG_PASSPHRASE: 'of the account',
  BORG_PASSCOMMAND: 'echo of the account',
  BORG_REPO: '/of/the/account',
  BORG_RSH: 'false',
  BORG_REMOTE_PATH: '/of/the/account',
  BORG_LOGGING_CONF: '/of/the/account',
  BORG_SHOW_SYSINFO: 'no',
  PYTHONHOME: '/of/the/account',
  SSH_ASKPASS: '/bin/false',
  SSH_ASKPASS_REQUIRE: 'force',
};

export interface BorgSite extends AsyncDisposable {
  readonly dir: string;
  /** As borg's argument. */
  readonly repository: string;
  readonly runner: BorgRunner;
  readonly client?: TestHost;
  readonly server?: TestHost;
  /** The environment that keeps borg's caches inside `dir`. */
  readonly env: Readonly<Record<string, string>>;
  run(options: RunBorgOptions): Promise<BorgResult>;
}

/** A repository folder and borg on this host. */
export const createLocalSite = async (): Promise<BorgSite> => {
  const dir = await createTestDir();
  const runner = localRunner();
  const env = { BORG_BASE_DIR: `${dir.path}/base` };
  await mkdir(`${dir.path}/base`);
  return {
    dir: dir.path,
    repository: `${dir.path}/repo`,
    runner,
    env,
    run: (options) => runBorg(runner, { passphrase: PASSPHRASE, env, ...options }),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
};

/** Push mode: borg runs on a client and reaches the repository host through the forwarded agent. */
export const createPushSite = async (): Promise<BorgSite & { client: TestHost; server: TestHost }> => {
  const dir = await createTestDir();
  const key = await generateKeyPair({ type: 'ed25519', comment: '' });
  const client = await createTestHost({ environment: OF_THE_ACCOUNT });
  const server = await createTestHost({ borgRestrict: dir.path }, key);
  const [type = '', base64 = ''] = server.sshd.hostKey.publicKeyLine.split(' ');
  const { host, port, user } = server.sshd;
  const agent = createForwardedAgent(() => [{ privateKey: key.privateKey, destination: { user, hostKeys: [base64] } }]);
  const runner = sshRunner(await client.connect({ agent }));
  const env = { BORG_BASE_DIR: `${dir.path}/base` };
  await mkdir(`${dir.path}/base`);
  const knownHosts = [knownHostsLine(host, port, { type, base64 })];
  return {
    dir: dir.path,
    repository: toBorgUrl({ kind: 'ssh', user, host, port, path: `${dir.path}/repo` }),
    runner,
    client,
    server,
    env,
    run: (options) => runBorg(runner, { passphrase: PASSPHRASE, env, knownHosts, forwardAgent: true, ...options }),
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
};

export const initialise = (site: BorgSite): Promise<BorgResult> =>
  site.run({ argv: initCommand({ repository: site.repository, encryption: 'repokey-blake2' }) });
