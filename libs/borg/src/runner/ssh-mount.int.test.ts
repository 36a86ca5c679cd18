import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BorgSite, createLocalSite, initialise } from '../testing/borg-site.ts';
import { createCommand } from '../commands/create.ts';
import { listEntriesCommand } from '../commands/archives.ts';
import { dumpOverSsh } from '../commands/dump-over-ssh.ts';
import { explainFailure } from '../explain/explain-failure.ts';
import { knownHostsLine } from '../ssh/host-key.ts';
import { type LocalAgent, startLocalAgent } from '../agent/local-agent.ts';
import { createListParser } from '../parse/list-parser.ts';
import { runBorg, type BorgResult, type RunBorgOptions } from './run-borg.ts';
import type { SshMount } from './ssh-mount.ts';
import { createTestDir, createTestHost, type TestHost, until } from '../testing/test-host.ts';

let site: BorgSite;
let client: TestHost;
let agent: LocalAgent;
let files: Awaited<ReturnType<typeof createTestDir>>;
const mount = (): SshMount => ({
  user: client.sshd.user,
  host: '127.0.0.1',
  port: client.sshd.port,
  name: `client-${client.sshd.port}`,
});

const hostKey = (): { type: string; base64: string } => {
  const [type = '', base64 = ''] = client.sshd.hostKey.publicKeyLine.split(' ');
  return { type, base64 };
};

beforeAll(async () => {
  [site, client, files] = await Promise.all([createLocalSite(), createTestHost(), createTestDir()]);
  await initialise(site);
  const destination = { user: client.sshd.user, hostKeys: [hostKey().base64] };
  agent = await startLocalAgent([{ privateKey: client.key.privateKey, destination }]);
  await mkdir(`${files.path}/some folder`);
  await writeFile(`${files.path}/some folder/it's`, 'pulled');
  // Borg does not trust its memory of the newest files.
  await utimes(`${files.path}/some folder/it's`, 1e9, 1e9);
  await writeFile(`${files.path}/some folder/newer`, '');
});
afterAll(async () => {
  for (const thing of [agent, client, files, site]) await thing[Symbol.asyncDispose]();
});

/** Borg here, with the client's files or programs. */
const pull = (options: RunBorgOptions): Promise<BorgResult> =>
  site.run({
    knownHosts: [knownHostsLine('127.0.0.1', client.sshd.port, hostKey())],
    agentSocket: agent.socket,
    ...options,
  });

const pathsOf = async (archive: string): Promise<string[]> => {
  const { stdout } = await site.run({ argv: listEntriesCommand({ repository: site.repository, archive }) });
  return createListParser()
    .push(Buffer.from(stdout))
    .map(({ path }) => path);
};

const mountFolder = (port = client.sshd.port): string => `/tmp/cyborgbackup-${userInfo().uid}/client-${port}`;
const isMounted = (port = client.sshd.port): boolean =>
  readFileSync('/proc/self/mounts', 'utf8').includes(` ${mountFolder(port)} `);
const sshfsRuns = (port: number): boolean =>
  readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return command.startsWith('sshfs') && command.includes(`${port}`);
    } catch {
      return false;
    }
  });
const nothingIsLeft = async (port = client.sshd.port): Promise<void> => {
  await until('the mount is gone', () => !isMounted(port) && !existsSync(mountFolder(port)));
  await until('sshfs is gone', () => !sshfsRuns(port));
};

const createFiles = (archive: string, paths: readonly string[]): string[] =>
  createCommand({
    repository: site.repository,
    archive,
    source: { paths },
    numericIds: true,
    filesCache: 'mtime,size',
  });

/** A backup that does not end by itself: a dump running in the mount. */
const endless = (archive: string, begun: string): string[] =>
  createCommand({
    repository: site.repository,
    archive,
    source: { command: ['sh', '-c', `touch ${begun}; while :; do echo x; sleep 0.05; done`], name: 'x' },
  });

test('files of a mounted client are stored with its own paths, and the mount is removed', async () => {
  const path = `${files.path}/some folder`.slice(1);
  const result = await pull({ argv: createFiles('a', [path]), mount: mount() });
  expect(result).toMatchObject({ outcome: 'success', messages: [] });
  expect((await pathsOf('a')).toSorted()).toEqual([path, `${path}/it's`, `${path}/newer`]);
  await nothingIsLeft();
  // The second time borg knows the files, since the mount is where it was.
  const again: string[] = [];
  const argv = [...createFiles('b', [path])];
  argv.splice(1, 0, '--list');
  await pull({ argv, mount: mount(), onFileStatus: ({ status, path: file }) => again.push(`${status} ${file}`) });
  expect(again).toContain(`U ${path}/it's`);
  const missing = await pull({ argv: createFiles('c', ['no/such']), mount: mount() });
  expect(missing).toMatchObject({ outcome: 'warning', messages: [{ message: expect.stringMatching(/^no\/such: /) }] });
  await nothingIsLeft();
});

test('a stopped backup leaves no mount of the client', async () => {
  const abort = new AbortController();
  const run = pull({ argv: endless('stopped', `${files.path}/begun`), mount: mount(), signal: abort.signal });
  await until('borg is at work', () => existsSync(`${files.path}/begun`));
  expect(isMounted()).toBe(true);
  const before = Date.now();
  abort.abort();
  expect(await run).toMatchObject({ outcome: 'aborted' });
  expect(Date.now() - before).toBeLessThan(5000);
  await nothingIsLeft();
});

test('a broken connection to a mounted client ends the backup instead of storing what was read', async () => {
  const run = pull({ argv: endless('broken', `${files.path}/begun2`), mount: mount() });
  await until('borg is at work', () => existsSync(`${files.path}/begun2`));
  const ssh = execFileSync('pgrep', ['-f', `^ssh .*${client.sshd.port}.* sftp$`], { encoding: 'utf8' });
  process.kill(Number(ssh));
  const result = await run;
  expect(result.outcome).toBe('error');
  expect(explainFailure(result)).toMatchObject({ kind: 'client-unreachable' });
  await nothingIsLeft();
});

test('a mount left by a killed script is replaced by the next script', async () => {
  const run = pull({ argv: endless('killed', `${files.path}/begun3`), mount: mount() });
  await until('borg is at work', () => existsSync(`${files.path}/begun3`));
  const owner = readFileSync(`${mountFolder()}.owner`, 'utf8').trim();
  // All but sshfs is killed, as an administrator may do.
  const shells = readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(owner);
    } catch {
      return false;
    }
  });
  for (const pid of shells) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // A short-lived child of the dump that has ended meanwhile.
    }
  }
  await run.catch(() => undefined);
  const path = `${files.path}/some folder`.slice(1);
  expect(await pull({ argv: createFiles('d', [path]), mount: mount() })).toMatchObject({ outcome: 'success' });
  expect(isMounted()).toBe(false);
});

test('a client that cannot be mounted is named with the reason: login, host key or network', async () => {
  const other = await createTestHost();
  const [type = '', base64 = ''] = other.sshd.hostKey.publicKeyLine.split(' ');
  const port = other.sshd.port;
  const elsewhere = { ...mount(), port, name: `client-${port}` };
  const knownHosts = [knownHostsLine('127.0.0.1', port, { type, base64 })];
  const refused = await pull({ argv: createFiles('e', ['etc/hostname']), mount: elsewhere, knownHosts });
  expect(explainFailure(refused)).toMatchObject({ kind: 'client-auth' });
  const unknown = await pull({ argv: createFiles('e', ['etc/hostname']), mount: elsewhere });
  expect(explainFailure(unknown)).toMatchObject({ kind: 'client-auth' });
  await other[Symbol.asyncDispose]();
  const gone = await pull({ argv: createFiles('e', ['etc/hostname']), mount: elsewhere, knownHosts });
  expect(explainFailure(gone)).toMatchObject({ kind: 'client-unreachable' });
});

test('a run ends whenever the mount fails at once', async () => {
  const closed = await createTestHost();
  const { port } = closed.sshd;
  await closed[Symbol.asyncDispose]();
  const options = { argv: createFiles('i', ['etc/hostname']), mount: { ...mount(), port, name: `client-${port}` } };
  for (let run = 0; run < 10; run += 1) {
    expect(explainFailure(await pull(options))).toMatchObject({ kind: 'client-unreachable' });
    await nothingIsLeft(port);
  }
});

/** A server that accepts connections and says nothing, and its port. */
const startDeafServer = async (): Promise<{ server: Server; port: number } & AsyncDisposable> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    // Their other ends may stay for a while, and the server does not end before them.
    for (const socket of sockets) socket.destroy();
    await server[Symbol.asyncDispose]();
  };
  return { server, port, [Symbol.asyncDispose]: close };
};

test('a backup is stopped while a client that does not answer is being mounted', async () => {
  await using deaf = await startDeafServer();
  const { server, port } = deaf;
  const abort = new AbortController();
  const run = pull({
    argv: createFiles('g', ['etc/hostname']),
    mount: { ...mount(), port, name: `client-${port}` },
    signal: abort.signal,
  });
  await once(server, 'connection');
  const before = Date.now();
  abort.abort();
  expect(await run).toMatchObject({ outcome: 'aborted' });
  expect(Date.now() - before).toBeLessThan(5000);
  await nothingIsLeft(port);
});

test('a backup that is stopped at any moment of the mounting leaves no sshfs', async () => {
  await using deaf = await startDeafServer();
  const { port } = deaf;
  for (const millis of [20, 40, 60, 80, 100, 130, 160, 200]) {
    const run = pull({
      argv: createFiles('h', ['etc/hostname']),
      mount: { ...mount(), port, name: `client-${port}` },
      signal: AbortSignal.timeout(millis),
    });
    expect(await run).toMatchObject({ outcome: 'aborted' });
    await nothingIsLeft(port);
  }
});

test('a dump that runs on the client gets its input and reports its exit status', async () => {
  const { user, port } = client.sshd;
  const target = { user, host: '127.0.0.1', port, env: { WHO: "it's me" } };
  const dump = (archive: string, script: string): string[] =>
    createCommand({
      repository: site.repository,
      archive,
      source: { command: dumpOverSsh(target, ['sh', '-c', script]), name: 'dump' },
    });
  const input = "se'cret $(id)";
  const argv = dump('dump', 'read -r line; printf "%s %s %s" "$WHO" "$line" "${SSH_CONNECTION:+over ssh}"');
  expect(await pull({ argv, input: `${input}\n` })).toMatchObject({ outcome: 'success' });
  const extracted = await site.run({ argv: ['extract', '--stdout', '--', `${site.repository}::dump`] });
  expect(extracted.stdout).toBe(`it's me ${input} over ssh`);
  const failed = await pull({ argv: dump('half', 'echo half; exit 3') });
  expect(explainFailure(failed)).toMatchObject({ kind: 'dump' });
  expect(await pathsOf('half')).toEqual([]);
});

test('a mount that cannot be made is explained', async () => {
  const { runner } = site;
  const result = await runBorg(runner, {
    argv: createFiles('f', ['etc/hostname']),
    mount: { ...mount(), sftpServer: '/no/such/server' },
    knownHosts: [knownHostsLine('127.0.0.1', client.sshd.port, hostKey())],
    agentSocket: agent.socket,
    env: site.env,
  });
  expect(explainFailure(result)).toMatchObject({ kind: 'mount' });
});

test('links of a mounted client are stored, and lead nowhere on the host that has the mount', async () => {
  await using own = await createTestDir();
  await writeFile(`${own.path}/secret`, 'of the executor');
  const links = `${files.path}/links`;
  await mkdir(links);
  await symlink(own.path, `${links}/link`);
  expect(await pull({ argv: createFiles('links', [links.slice(1)]), mount: mount() })).toMatchObject({ messages: [] });
  expect(await pathsOf('links')).toEqual([links.slice(1), `${links}/link`.slice(1)]);
  // On the way to what is stored.
  const through = await pull({ argv: createFiles('through', [`${links}/link/secret`.slice(1)]), mount: mount() });
  expect(through.outcome).toBe('warning');
  expect(await pathsOf('through')).toEqual([]);
});

test('borg is not started in a folder that leads out of the mount', async () => {
  const folder = `${'../'.repeat(20)}${files.path}`;
  const result = await pull({ argv: createFiles('outside', ['.']), mount: { ...mount(), writable: true, folder } });
  expect(explainFailure(result)).toMatchObject({ kind: 'mount', message: expect.stringMatching(/on this host/) });
});
