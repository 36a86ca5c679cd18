import { createCommand, runCommand, infoCommand, type BorgResult } from '@cyborgbackup/borg';
import { RUN_ON_REPOSITORY_HOST_SETTING } from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { runBorgAt } from '../borg/run-borg-at.ts';
import { startConnectSite, type ConnectSite } from '../testing/connection-site.ts';
import { settingChanged } from '../testing/job-fixtures.ts';
import { openBackupEndpoint } from './backup-endpoint.ts';
import type { BackupEndpoint } from './borg-endpoint.ts';
import { openRepositoryEndpoint } from './repository-endpoint.ts';

const openEndpoint = (site: ConnectSite, pull: boolean): Promise<BackupEndpoint> =>
  openBackupEndpoint(site.options, { client: site.target, repository: site.repository, pull });

const backUp = async (site: ConnectSite, endpoint: BackupEndpoint, paths: readonly string[]): Promise<BorgResult> => {
  const { create, run } = await endpoint.files(paths, { oneFileSystem: false });
  return runBorgAt(endpoint, {
    ...run,
    argv: createCommand({ ...create, repository: endpoint.repository, archive: `a-${randomUUID()}` }),
    env: { BORG_BASE_DIR: join(site.folder, endpoint.host === 'executor' ? 'executor' : 'server') },
  });
};

const source = async (site: ConnectSite): Promise<string> => {
  const folder = join(site.folder, 'source');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'file'), 'content');
  return folder;
};

/** Processes that are marked as the job's. */
const ofJob = (job: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(job);
    } catch {
      return false;
    }
  });

const agentsHere = (): string[] =>
  readdirSync('/tmp').filter((name) => name.startsWith(`cyborgbackup-agent-${process.pid}-`));

it("lends the repository's own key to the client in push mode, and borg works with it", async () => {
  await using site = await startConnectSite({ repositoryTakes: ['own'] });
  await using endpoint = await openEndpoint(site, false);
  expect(endpoint).toMatchObject({ host: 'client', pull: false, forwardAgent: true });
  expect(await backUp(site, endpoint, [await source(site)])).toMatchObject({ outcome: 'success' });
  expect(site.warnings).toEqual([]);
});

it('lends a key in push mode that root on the client cannot use for anything else', async () => {
  await using site = await startConnectSite({ initialised: false });
  await using other = await startConnectSite({ repositoryTakes: ['control'], initialised: false });
  await using endpoint = await openEndpoint(site, false);
  const login = (port: number, user = site.client.user): string =>
    `ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentityFile=none -p ${port} ${user}@127.0.0.1 echo reached`;
  const say = async (command: string): Promise<string> => {
    let said = '';
    const take = (chunk: Buffer): void => void (said += chunk.toString());
    await endpoint.client.run({
      script: command,
      secrets: {},
      forwardAgent: true,
      onStdout: take,
      onStderr: take,
    });
    return said;
  };
  // What it is for: borg serve of this repository, and no command.
  expect(await say(login(site.repositoryHost.port))).toMatch(/borg: error: .*invalid choice/);
  const forward = login(site.repositoryHost.port).replace(/ echo reached$/, ` -W 127.0.0.1:${site.client.port}`);
  expect(await say(`${forward} </dev/null`)).toMatch(/stdio forwarding failed/);
  // The client itself and other hosts take the control plane's key, which is not there; nor is the own key shown to them.
  for (const { port } of [site.client, other.client, other.repositoryHost]) {
    expect(await say(login(port))).toMatch(/Permission denied/);
  }
  expect(await say(login(site.repositoryHost.port, 'nobody'))).toMatch(/refused operation|Permission denied/);
  const listed = await say('ssh-add -L');
  expect(listed).toContain(site.ownKey.publicKey.split(' ')[1]);
  expect(listed).not.toContain(site.controlKey.publicKey.split(' ')[1]);
});

it('lends nothing where the host does not take the own key yet, or gives it a shell, and says which line to paste', async () => {
  await using site = await startConnectSite({ repositoryTakes: ['control'], ownKeySeen: false, initialised: false });
  const paste =
    /127\.0\.0\.1:\d+ does not take .* Put this line into the authorized_keys of \S+ on 127\.0\.0\.1, .* and launch again: command="borg serve .*",restrict ssh-ed25519 \S+ cyborgbackup-repository-3$/;
  await expect(openEndpoint(site, false)).rejects.toThrow(paste);
  await expect(openRepositoryEndpoint(site.options, site.repository)).rejects.toThrow(paste);
  await writeFile(join(site.repositoryHost.dir, '.ssh/authorized_keys'), `${site.ownKey.publicKey}\n`);
  await expect(openEndpoint(site, false)).rejects.toThrow(/gives this repository's own key a shell.*Put this line/);
});

it('lends the own key to an old OpenSSH too, which cannot tell the agent of hosts', async () => {
  const bin = await mkdtemp(join(tmpdir(), 'cyborgbackup-bin-'));
  onTestFinished(() => rm(bin, { recursive: true }));
  await writeFile(join(bin, 'ssh'), '#!/bin/sh\necho "OpenSSH_8.4p1, OpenSSL 1.1.1" >&2\n');
  await chmod(join(bin, 'ssh'), 0o755);
  await using site = await startConnectSite({ clientPath: bin, initialised: false });
  await using endpoint = await openEndpoint(site, false);
  expect(endpoint.host).toBe('client');
});

it('runs borg on this host, and on that of the repository only where the setting allows that and there is a shell', async () => {
  await using site = await startConnectSite({ repositoryTakes: ['own'] });
  {
    await using endpoint = await openRepositoryEndpoint(site.options, site.repository);
    expect(endpoint).toMatchObject({ host: 'executor', repository: site.repository.path });
    expect(agentsHere()).toHaveLength(1);
    const argv = infoCommand({ repository: endpoint.repository });
    const result = await runBorgAt(endpoint, { argv, env: { BORG_BASE_DIR: join(site.folder, 'executor') } });
    expect(result).toMatchObject({ outcome: 'success' });
  }
  expect(agentsHere()).toEqual([]);
  await using local = await openRepositoryEndpoint(
    { ...site.options },
    { uuid: site.repository.uuid, path: join(site.folder, 'repository') },
  );
  expect(local).toMatchObject({ host: 'executor', repository: join(site.folder, 'repository') });
  site.events.get('settings')?.push(settingChanged(RUN_ON_REPOSITORY_HOST_SETTING, 'True'));
  await using hidden = await openRepositoryEndpoint(site.options, site.repository);
  expect(hidden).toMatchObject({ host: 'executor', repository: site.repository.path });
  await using open = await startConnectSite({ initialised: false, onHost: true });
  await using there = await openRepositoryEndpoint(open.options, open.repository);
  expect(there).toMatchObject({ host: 'repository', forwardAgent: false });
});

it.each<[string, 'repository' | 'executor', boolean]>([
  ['here', 'executor', false],
  ['on the repository host, where the setting allows that,', 'repository', true],
])('runs borg %s in pull mode', async (_name, host, onHost) => {
  await using site = await startConnectSite({ onHost });
  const folder = await source(site);
  await symlink(folder, join(site.folder, 'link'));
  await mkdir(join(folder, 'sub'));
  {
    await using endpoint = await openEndpoint(site, true);
    expect(endpoint.host).toBe(host);
    expect(await backUp(site, endpoint, [folder])).toMatchObject({ outcome: 'success' });
    const linked = endpoint.files([join(site.folder, 'link/sub')], { oneFileSystem: false });
    await expect(linked).rejects.toThrow(/leads through a symbolic link/);
    const dump = createCommand({
      repository: endpoint.repository,
      archive: 'dump',
      source: { command: endpoint.dump(['sh', '-c', 'cat; (sleep 300 >/dev/null 2>&1 &)']), name: 'dump' },
    });
    const env = { BORG_BASE_DIR: join(site.folder, host === 'executor' ? 'executor' : 'server') };
    expect(await runBorgAt(endpoint, { argv: dump, input: 'x', env })).toMatchObject({ outcome: 'success' });
  }
  expect(ofJob(site.job)).toEqual([]);
  expect(existsSync(`/tmp/cyborgbackup-${userInfo().uid}/${site.target.uuid}`)).toBe(false);
  expect(agentsHere()).toEqual([]);
});

it('ends a dump on the client when the job is stopped in pull mode', async () => {
  await using site = await startConnectSite();
  const abort = new AbortController();
  const options = { ...site.options, signal: abort.signal };
  const begun = join(site.folder, 'begun');
  {
    await using endpoint = await openBackupEndpoint(options, {
      client: site.target,
      repository: site.repository,
      pull: true,
    });
    const command = endpoint.dump(['sh', '-c', `touch ${begun}; exec sleep 300`]);
    const running = runBorgAt(endpoint, {
      argv: createCommand({ repository: endpoint.repository, archive: 'a', source: { command, name: 'x' } }),
      signal: abort.signal,
    });
    await vi.waitUntil(() => existsSync(begun), 10_000);
    expect(ofJob(site.job)).not.toEqual([]);
    abort.abort();
    expect(await running.then(({ outcome }) => outcome, String)).toMatch(/aborted|lost/);
  }
  expect(ofJob(site.job)).toEqual([]);
  expect(site.warnings).toEqual([]);
});

it('keeps to one file system in pull mode as in push mode', async () => {
  await using site = await startConnectSite({ initialised: false });
  await using endpoint = await openEndpoint(site, true);
  const { create } = await endpoint.files(['/'], { oneFileSystem: true, patterns: ['R /srv', '- *.o'] });
  expect(create).toMatchObject({ source: { paths: ['.', 'srv'] }, patterns: ['- *.o'], oneFileSystem: false });
  expect(create.exclude).toContain('fm:/proc/');
  expect(create.exclude).not.toContain('fm:/');
});

it('uses sudo for a backup user who is not root where that works', async () => {
  const bin = await mkdtemp(join(tmpdir(), 'cyborgbackup-bin-'));
  onTestFinished(() => rm(bin, { recursive: true }));
  // Stand-ins for an account that is not root, and for sudo.
  await writeFile(join(bin, 'id'), '#!/bin/sh\n[ -n "$AS_ROOT" ] && echo 0 || echo 1000\n');
  await writeFile(join(bin, 'sudo'), '#!/bin/sh\n[ "$1" = -n ] || exit 9\nshift\nexec env AS_ROOT=yes "$@"\n');
  for (const name of ['id', 'sudo']) await chmod(join(bin, name), 0o755);
  await using site = await startConnectSite({ clientPath: bin, initialised: false });
  await using endpoint = await openEndpoint(site, false);
  expect((await runCommand(endpoint.client, ['sh', '-c', 'echo $AS_ROOT'])).stdout).toBe('yes\n');
  await using pulled = await openEndpoint(site, true);
  const { run } = await pulled.files([site.folder], { oneFileSystem: false });
  expect(run.mount?.sftpServer).toMatch(/^sudo -n .*sftp-server$/);
});
