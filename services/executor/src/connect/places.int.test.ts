import { createCommand, runCommand, infoCommand, type BorgResult } from '@cyborgbackup/borg';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { onBackupPlace, type BackupPlace } from './backup-place.ts';
import { startConnectSite, type ConnectSite } from './connect-site.test.ts';
import { onClient, onRepositoryHost } from './connections.ts';
import { runAt } from './run-at.ts';

const openPlace = (site: ConnectSite, pull: boolean): Promise<BackupPlace> =>
  onBackupPlace(site.options, { client: site.target, repository: site.repository, pull });

const backUp = async (site: ConnectSite, place: BackupPlace, paths: readonly string[]): Promise<BorgResult> => {
  const { create, run } = await place.files(paths, { oneFileSystem: false });
  return runAt(place, {
    ...run,
    argv: createCommand({ ...create, repository: place.repository, archive: `a-${randomUUID()}` }),
    env: { BORG_BASE_DIR: join(site.folder, place.host === 'executor' ? 'executor' : 'server') },
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

test('push: the client is lent the own key of the repository, and borg works with it', async () => {
  await using site = await startConnectSite({ repositoryTakes: ['own'] });
  await using place = await openPlace(site, false);
  expect(place).toMatchObject({ host: 'client', pull: false, forwardAgent: true });
  expect(await backUp(site, place, [await source(site)])).toMatchObject({ outcome: 'success' });
  expect(site.warnings).toEqual([]);
});

test('push: root on the client can do nothing else with what it is lent', async () => {
  await using site = await startConnectSite({ initialised: false });
  await using other = await startConnectSite({ repositoryTakes: ['control'], initialised: false });
  await using place = await onClient(site.options, site.target, site.repository);
  const login = (port: number, user = site.client.user): string =>
    `ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentityFile=none -p ${port} ${user}@127.0.0.1 echo reached`;
  const say = async (command: string): Promise<string> => {
    let said = '';
    const take = (chunk: Buffer): void => void (said += chunk.toString());
    await place.session.exec(command, { forwardAgent: true, onStdout: take, onStderr: take });
    return said;
  };
  // What it is for: borg serve of this repository, and no command.
  expect(await say(login(site.repositoryHost.port))).toMatch(/borg: error: .*invalid choice/);
  // The client itself and other hosts take the control plane's key, which is not there; nor is the own key shown to them.
  for (const { port } of [site.client, other.client, other.repositoryHost]) {
    expect(await say(login(port))).toMatch(/Permission denied/);
  }
  expect(await say(login(site.repositoryHost.port, 'nobody'))).toMatch(/refused operation|Permission denied/);
  const listed = await say('ssh-add -L');
  expect(listed).toContain(site.ownKey.publicKey.split(' ')[1]);
  expect(listed).not.toContain(site.controlKey.publicKey.split(' ')[1]);
});

test("push: without the own key's line the control plane's key is lent for that host alone, with a warning", async () => {
  await using site = await startConnectSite({ repositoryTakes: ['control'], ownKeySeen: false });
  await using place = await openPlace(site, false);
  expect(await backUp(site, place, [await source(site)])).toMatchObject({ outcome: 'success' });
  expect(site.warnings).toEqual([expect.stringContaining('Install the line')]);
  const back = `ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p ${site.client.port} 127.0.0.1 echo reached`;
  const { session } = place as unknown as Awaited<ReturnType<typeof onClient>>;
  let said = '';
  await session.exec(back, { forwardAgent: true, onStdout: (chunk) => void (said += chunk.toString()) });
  expect(said).toBe('');
});

test('push: an old OpenSSH is not lent the key that opens everything', async () => {
  const bin = await mkdtemp(join(tmpdir(), 'cyborgbackup-bin-'));
  onTestFinished(() => rm(bin, { recursive: true }));
  await writeFile(join(bin, 'ssh'), '#!/bin/sh\necho "OpenSSH_8.4p1, OpenSSL 1.1.1" >&2\n');
  await chmod(join(bin, 'ssh'), 0o755);
  await using site = await startConnectSite({
    repositoryTakes: ['control'],
    ownKeySeen: false,
    clientPath: bin,
    initialised: false,
  });
  await expect(openPlace(site, false)).rejects.toThrow(
    /OpenSSH on 127\.0\.0\.1 is 8\.4.*repositories\/3\/authorized_keys/,
  );
  await using own = await startConnectSite({ clientPath: bin, initialised: false });
  await using place = await openPlace(own, false);
  expect(place.host).toBe('client');
});

test('a repository host without a shell is served by borg here', async () => {
  await using site = await startConnectSite({ repositoryTakes: ['own'] });
  {
    await using place = await onRepositoryHost(site.options, site.repository);
    expect(place).toMatchObject({ host: 'executor', repository: site.repository.path });
    expect(agentsHere()).toHaveLength(1);
    const argv = infoCommand({ repository: place.repository });
    const result = await runAt(place, { argv, env: { BORG_BASE_DIR: join(site.folder, 'executor') } });
    expect(result).toMatchObject({ outcome: 'success' });
  }
  expect(agentsHere()).toEqual([]);
  await using shell = await onRepositoryHost(
    { ...site.options },
    { uuid: site.repository.uuid, path: join(site.folder, 'repository') },
  );
  expect(shell).toMatchObject({ host: 'executor', repository: join(site.folder, 'repository') });
});

test('a repository host that takes neither key says so', async () => {
  await using site = await startConnectSite({ repositoryTakes: [], ownKeySeen: false, initialised: false });
  await expect(onRepositoryHost(site.options, site.repository)).rejects.toThrow(
    /accepts neither .*repositories\/3\/authorized_keys/,
  );
});

test.each<[string, 'repository' | 'executor', readonly ('control' | 'own')[]]>([
  ['on the repository host', 'repository', ['control']],
  ['here, when that has no shell', 'executor', ['own']],
])('pull: borg runs %s', async (_name, host, repositoryTakes) => {
  await using site = await startConnectSite({ repositoryTakes });
  const folder = await source(site);
  await symlink(folder, join(site.folder, 'link'));
  await mkdir(join(folder, 'sub'));
  {
    await using place = await openPlace(site, true);
    expect(place.host).toBe(host);
    expect(await backUp(site, place, [folder])).toMatchObject({ outcome: 'success' });
    const linked = place.files([join(site.folder, 'link/sub')], { oneFileSystem: false });
    await expect(linked).rejects.toThrow(/leads through a symbolic link/);
    const dump = createCommand({
      repository: place.repository,
      archive: 'dump',
      source: { command: place.dump(['sh', '-c', 'cat; (sleep 300 >/dev/null 2>&1 &)']), name: 'dump' },
    });
    const env = { BORG_BASE_DIR: join(site.folder, host === 'executor' ? 'executor' : 'server') };
    expect(await runAt(place, { argv: dump, input: 'x', env })).toMatchObject({ outcome: 'success' });
  }
  expect(ofJob(site.job)).toEqual([]);
  expect(existsSync(`/tmp/cyborgbackup-${userInfo().uid}/${site.target.uuid}`)).toBe(false);
  expect(agentsHere()).toEqual([]);
});

test('pull: a dump is ended on the client when the job is stopped', async () => {
  await using site = await startConnectSite({ repositoryTakes: ['control'] });
  const abort = new AbortController();
  const options = { ...site.options, signal: abort.signal };
  const begun = join(site.folder, 'begun');
  {
    await using place = await onBackupPlace(options, { client: site.target, repository: site.repository, pull: true });
    const command = place.dump(['sh', '-c', `touch ${begun}; exec sleep 300`]);
    const running = runAt(place, {
      argv: createCommand({ repository: place.repository, archive: 'a', source: { command, name: 'x' } }),
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

test('pull: one file system means what it means in push', async () => {
  await using site = await startConnectSite({ repositoryTakes: ['control'], initialised: false });
  await using place = await openPlace(site, true);
  const { create } = await place.files(['/'], { oneFileSystem: true, patterns: ['R /srv', '- *.o'] });
  expect(create).toMatchObject({ source: { paths: ['.', 'srv'] }, patterns: ['- *.o'], oneFileSystem: false });
  expect(create.exclude).toContain('fm:/proc/');
  expect(create.exclude).not.toContain('fm:/');
});

test('a backup user who is not root becomes it by sudo where that works', async () => {
  const bin = await mkdtemp(join(tmpdir(), 'cyborgbackup-bin-'));
  onTestFinished(() => rm(bin, { recursive: true }));
  // Stand-ins for an account that is not root, and for sudo.
  await writeFile(join(bin, 'id'), '#!/bin/sh\n[ -n "$AS_ROOT" ] && echo 0 || echo 1000\n');
  await writeFile(join(bin, 'sudo'), '#!/bin/sh\n[ "$1" = -n ] || exit 9\nshift\nexec env AS_ROOT=yes "$@"\n');
  for (const name of ['id', 'sudo']) await chmod(join(bin, name), 0o755);
  await using site = await startConnectSite({ clientPath: bin, initialised: false });
  await using place = await openPlace(site, false);
  expect((await runCommand(place.client, ['sh', '-c', 'echo $AS_ROOT'])).stdout).toBe('yes\n');
  await using pulled = await openPlace(site, true);
  const { run } = await pulled.files([site.folder], { oneFileSystem: false });
  expect(run.mount?.sftpServer).toMatch(/^sudo -n .*sftp-server$/);
});
