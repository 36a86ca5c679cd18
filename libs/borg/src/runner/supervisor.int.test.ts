import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { BorgRunner, ScriptRun } from './borg-runner.ts';
import { TERM_TO_KILL_MILLIS } from './graceful-stop.ts';
import { createLocalSite, createPushSite, initialise, PASSPHRASE } from '../testing/borg-site.ts';
import { checkCommand } from '../commands/repository.ts';
import { createCommand } from '../commands/create.ts';
import { runCommand } from './run-command.ts';
import { HEARTBEAT_LOST } from './supervisor.ts';
import { READER_COMMAND, supervisedScript } from './supervised-script.ts';
import { localRunner } from './local-runner.ts';
import { probeHost } from './probe-host.ts';
import { quote } from '../shell/quote.ts';
import { runBorg } from './run-borg.ts';
import { sshRunner } from './ssh-runner.ts';
import { createTestDir, createTestHost, isRunning, until } from '../testing/test-host.ts';
import { startTcpProxy } from '../testing/tcp-proxy.ts';

/** A dump that never ends by itself; when it has begun, thus when borg has opened the repository, it writes borg's process id. */
const endless = (repository: string, begun: string): string[] => {
  const script = `echo $PPID >${quote(begun)}.new; mv ${quote(begun)}.new ${quote(begun)}; while :; do echo data; sleep 0.05; done`;
  return createCommand({ repository, archive: 'endless', source: { command: ['sh', '-c', script], name: 'x' } });
};

const lockOf = (repository: string): boolean => existsSync(`${repository}/lock.exclusive`);

test('aborting a backup leaves no borg and no lock, locally and over two hops', async () => {
  await using local = await createLocalSite();
  await using push = await createPushSite();
  for (const site of [local, push]) {
    await initialise(site);
    const abort = new AbortController();
    const run = site.run({ argv: endless(site.repository, `${site.dir}/begun`), signal: abort.signal });
    await until('borg is at work', () => existsSync(`${site.dir}/begun`));
    const pid = Number(await readFile(`${site.dir}/begun`, 'utf8'));
    expect(lockOf(`${site.dir}/repo`)).toBe(true);
    expect(await isRunning(pid)).toBe(true);
    const before = Date.now();
    abort.abort();
    expect(await run).toMatchObject({ outcome: 'aborted' });
    expect(Date.now() - before).toBeLessThan(5000);
    expect(await isRunning(pid)).toBe(false);
    await until('the repository host let go of the lock', () => !lockOf(`${site.dir}/repo`));
    expect((await site.run({ argv: checkCommand({ repository: site.repository }) })).outcome).toBe('success');
  }
});

test('a broken connection makes the remote supervisor end borg', async () => {
  await using site = await createPushSite();
  await initialise(site);
  await using proxy = await startTcpProxy(site.client.sshd.port);
  const session = await site.client.connect({ port: proxy.port });
  await using local = await createLocalSite();
  await initialise(local);
  const run = runBorg(sshRunner(session), {
    argv: endless(local.repository, `${local.dir}/begun`),
    passphrase: PASSPHRASE,
    env: local.env,
  });
  void run.catch(() => undefined);
  await until('borg is at work', () => existsSync(`${local.dir}/begun`));
  const pid = Number(await readFile(`${local.dir}/begun`, 'utf8'));
  proxy.cut();
  await expect(run).rejects.toMatchObject({ kind: 'lost' });
  await until('borg is gone', async () => !(await isRunning(pid)));
  await until('no lock is left', () => !lockOf(local.repository));
});

test('a command that ignores TERM is killed with all it started', async () => {
  await using dir = await createTestDir();
  const pidFile = `${dir.path}/pid`;
  const stubborn = `trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $! >${pidFile}; while :; do sleep 1; done`;
  const before = Date.now();
  const run = runCommand(localRunner(), ['sh', '-c', stubborn], { timeoutMillis: 1500 });
  await expect(run).rejects.toMatchObject({ kind: 'timeout', message: expect.stringContaining('did not end within') });
  expect(Date.now() - before).toBeGreaterThan(1500 + TERM_TO_KILL_MILLIS - 500);
  const [, seconds = ''] = /for _ in ([\d ]+); do kill -TERM/.exec(supervisedScript(['true'])) ?? [];
  expect(seconds.split(' ').length * 1000).toBe(TERM_TO_KILL_MILLIS);
  const child = Number(await readFile(pidFile, 'utf8'));
  await until('the child is gone too', async () => !(await isRunning(child)));
});

/** The real script, with a faster clock: it lives on lines of input and ends its command after twelve ticks without one. */
const impatient = (argv: readonly string[]): string => supervisedScript(argv).replace('sleep 5;', 'sleep 0.1;');

test('missing heartbeats on an open connection make the supervisor end the command', async () => {
  const script = impatient(['sh', '-c', 'echo ready; sleep 60']);
  const [command = '', ...args] = READER_COMMAND;
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(`${script.split('\n').length}\n${script}\n`);
  await once(child.stdout, 'data');
  const beats = setInterval(() => child.stdin.write('\n'), 50);
  await sleep(2000);
  expect(child.exitCode).toBeNull();
  clearInterval(beats);
  const [exitCode] = await once(child, 'exit');
  expect(exitCode).toBe(HEARTBEAT_LOST);
});

test('a command is reported as unheard only when it was ended for missing heartbeats', async () => {
  await using host = await createTestHost();
  for (const runner of [localRunner(), sshRunner(await host.connect())]) {
    const run = runner.run({ script: impatient(['sleep', '60']), secrets: {} });
    await expect(run).rejects.toMatchObject({
      kind: 'unheard',
      message: expect.stringMatching(/heard nothing .* minute/),
    });
  }
  const done = impatient(['sh', '-c', "trap 'exit 0' TERM; sleep 60 & wait"]);
  expect(await localRunner().run({ script: done, secrets: {} })).toEqual({ exitCode: 0 });
  expect(await runCommand(localRunner(), ['sh', '-c', `exit ${HEARTBEAT_LOST}`])).toMatchObject({ exitCode: 1 });
});

test('a sink that never settles does not keep an aborted command alive', async () => {
  await using host = await createTestHost();
  for (const runner of [localRunner(), sshRunner(await host.connect())]) {
    const abort = new AbortController();
    const script = supervisedScript(['sh', '-c', 'echo up; sleep 60']);
    const stuck = runner.run({
      script,
      secrets: {},
      signal: abort.signal,
      onStdout: () => {
        abort.abort();
        return new Promise(() => undefined);
      },
    });
    expect(await stuck).toEqual({ exitCode: 143, stopped: 'aborted' });
  }
});

test('a command that writes nothing is stopped by the idle timeout', async () => {
  const run = {
    script: supervisedScript(['sleep', '60']),
    secrets: {},
  };
  const result = await localRunner().run({ ...run, idleTimeoutMillis: 200 });
  expect(result).toEqual({ exitCode: 143, stopped: 'idle' });
});

test('the output of a login script is not taken for output of the command', async () => {
  await using dir = await createTestDir();
  await writeFile(
    `${dir.path}/noisy`,
    '#!/bin/sh\necho "Welcome to web"\nprintf "no line end"\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n',
  );
  await chmod(`${dir.path}/noisy`, 0o755);
  await using host = await createTestHost({ config: [`ForceCommand ${dir.path}/noisy`] });
  const runner = sshRunner(await host.connect());
  expect(await runCommand(runner, ['echo', "it's $HOME"])).toEqual({ exitCode: 0, stdout: "it's $HOME\n", stderr: '' });
});

test('an account that runs no commands is reported with what it printed', async () => {
  await using host = await createTestHost({
    config: ['ForceCommand echo This account is currently not available.; exit 1'],
  });
  const runner = sshRunner(await host.connect());
  await expect(runCommand(runner, ['true'])).rejects.toMatchObject({
    kind: 'no-shell',
    message: expect.stringContaining('it said "This account is currently not available."'),
  });
  await using borgOnly = await createTestHost({ borgRestrict: '/tmp' });
  await expect(runCommand(sshRunner(await borgOnly.connect()), ['true'])).rejects.toMatchObject({ kind: 'no-shell' });
});

test('a host without room in /tmp is reported, and no exit status of a command is mistaken for that', async () => {
  await using dir = await createTestDir();
  await writeFile(`${dir.path}/mktemp`, '#!/bin/sh\necho "mktemp: No space left on device" >&2; exit 1\n');
  await chmod(`${dir.path}/mktemp`, 0o755);
  await using host = await createTestHost({ environment: { PATH: `${dir.path}:${process.env['PATH']}` } });
  const runner = sshRunner(await host.connect());
  await expect(runCommand(runner, ['echo', 'x'])).rejects.toMatchObject({
    kind: 'no-start',
    message: `No temporary folder could be made in /tmp on ${runner.where}. Is the disk full or read-only?`,
  });
  const said = await runCommand(localRunner(), ['sh', '-c', 'printf said; exit 123']);
  expect(said).toEqual({ exitCode: 123, stdout: 'said', stderr: '' });
});

test('a command that prints more than maxBytes fails, unless its output may be cut', async () => {
  const print = (bytes: number): string[] => ['sh', '-c', `head -c ${bytes} /dev/zero | tr "\\0" x`];
  const run = (bytes: number, mayBeCut = false) =>
    runCommand(localRunner(), print(bytes), { maxBytes: 1024, mayBeCut });
  expect((await run(1024)).stdout).toBe('x'.repeat(1024));
  await expect(run(1025)).rejects.toMatchObject({
    kind: 'too-much',
    message: expect.stringMatching(/printed more than 1.* kB/),
  });
  expect((await run(1025, true)).stdout).toBe('x'.repeat(1024));
});

test('the supervised script works in dash and bash', async () => {
  await using dir = await createTestDir();
  const secret = `$(id) 'q' "d"\n\\`;
  const script = supervisedScript(['cat'], { setup: ['supply input "$it"'] });
  const text = `it=${quote(secret)}\n${script}`;
  for (const shell of ['dash', 'bash', 'bash --posix']) {
    const [command = '', ...options] = shell.split(' ');
    const child = spawn(command, [...options, ...READER_COMMAND.slice(1)], {
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: dir.path,
    });
    let out = '';
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.stdin.write(`${text.split('\n').length}\n${text}\n`);
    const [exitCode] = await once(child, 'close');
    expect([shell, exitCode, out]).toEqual([shell, 0, `cyborgbackup-start\n${secret}`]);
  }
});

test('a host is probed over SSH and locally', async () => {
  await using host = await createTestHost();
  const session = await host.connect();
  const facts = await probeHost(sshRunner(session));
  expect(facts).toMatchObject({
    os: 'Linux',
    borgVersion: expect.stringMatching(/^1\.[24]\.\d/),
  });
  expect(facts).toMatchObject({
    arch: expect.stringMatching(/./),
    distribution: expect.stringMatching(/./),
  });
  expect(await probeHost(localRunner())).toEqual(facts);
});

test('sshRunner with sudo runs the script as root and keeps the agent', async () => {
  await using dir = await createTestDir();
  // Stands in for sudo: checks the option, clears the environment, and runs what it is told.
  await writeFile(
    `${dir.path}/sudo`,
    '#!/bin/sh\n[ "$1" = -n ] || exit 9\nshift\nexec env -i PATH="$PATH" AS_ROOT=yes "$@"\n',
  );
  await chmod(`${dir.path}/sudo`, 0o755);
  await using host = await createTestHost({ environment: { PATH: `${dir.path}:${process.env['PATH']}` } });
  const runner = sshRunner(await host.connect(), { sudo: true });
  const { stdout } = await runCommand(runner, ['sh', '-c', 'echo "$AS_ROOT ${SSH_AUTH_SOCK-unset}"']);
  expect(stdout).toBe('yes \n');
});

test('the environment of the control plane does not reach local commands', async () => {
  process.env['DATABASE_PASSWORD'] = 'secret';
  const { stdout } = await runCommand(localRunner(), ['env']);
  delete process.env['DATABASE_PASSWORD'];
  expect(stdout).toContain('PATH=');
  expect(stdout).not.toContain('DATABASE_PASSWORD');
});

test('the folder in /tmp is removed however a script ends', async () => {
  await using dir = await createTestDir();
  await using host = await createTestHost();
  await using proxy = await startTcpProxy(host.sshd.port);
  const viaProxy = sshRunner(await host.connect({ port: proxy.port }));
  const abort = new AbortController();
  const endings: [string, BorgRunner, Partial<ScriptRun>][] = [
    ['success', localRunner(), {}],
    ['abort', localRunner(), { signal: abort.signal, onStdout: () => abort.abort() }],
    ['error', localRunner(), { onStdout: () => Promise.reject(new Error('no')) }],
    ['idle', viaProxy, { idleTimeoutMillis: 100 }],
    ['lost', viaProxy, { onStdout: () => proxy.cut() }],
  ];
  for (const [ending, runner, options] of endings) {
    const note = `${dir.path}/${ending}`;
    const argv = ['sh', '-c', `echo started; sleep ${ending === 'success' ? 0 : 60}`];
    const script = supervisedScript(argv, { setup: [`echo "$tmp" >${note}`] });
    await runner.run({ script, secrets: {}, ...options }).catch(() => undefined);
    const folder = (await readFile(note, 'utf8')).trim();
    expect(folder).toMatch(/^\/tmp\/cyborgbackup\./);
    await until(`${ending}: ${folder} is gone`, () => !existsSync(folder));
  }
});
