import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createForwardedAgent } from '../agent/forwarded-agent.ts';
import { dumpOverSsh } from '../commands/dump-over-ssh.ts';
import { generateKeyPair, type SshKeyPair } from '../ssh/key.ts';
import type { SshSession } from '../ssh/session.ts';
import { createTestHost, type TestHost } from '../testing/test-host.ts';
import { runCommand } from './run-command.ts';
import { sshRunner } from './ssh-runner.ts';

/**
 * Accounts with other login shells, each behind a key of its own: its forced command hands over to a shell what sshd would. Their
 * start-up files print, leave programs out of PATH, and replace the agent.
 */
const SHELLS: Readonly<Record<string, string>> = {
  dash: 'exec dash -c "$SSH_ORIGINAL_COMMAND"',
  // Like one that sshd starts, it reads its start-up file.
  bash: 'unset SHLVL; exec bash -c "$SSH_ORIGINAL_COMMAND"',
  csh: 'exec bsd-csh -c "$SSH_ORIGINAL_COMMAND"',
  tcsh: 'exec tcsh -c "$SSH_ORIGINAL_COMMAND"',
  fish: 'exec fish -c "$SSH_ORIGINAL_COMMAND"',
};

/** Accounts that run nothing, and what is said of them. */
const REFUSALS: Readonly<Record<string, readonly [command: string, message: RegExp]>> = {
  'an account with nologin': [
    'exec /usr/sbin/nologin -c "$SSH_ORIGINAL_COMMAND"',
    /This account is currently not available\..*"\)\. Its login shell is nologin: give it another one/,
  ],
  'an account with false': ['exec /bin/false', /does not let us run commands \(.*\)\. Does the account have a shell/],
  'a restricted shell': [
    'exec bash -r -c "$SSH_ORIGINAL_COMMAND"',
    /restricted.*"\)\. Its login shell is a restricted one/,
  ],
  'an expired password': [
    'echo "WARNING: Your password has expired." >&2; echo "Password change required but no TTY available." >&2; exit 1',
    /Renew its password there, or let it never expire/,
  ],
  'borg serve alone': ['borg serve', /does not let us run commands/],
  'a menu': ['echo "1) Mail 2) Quit"; while read -r choice; do echo "?"; done', /it said ".*1\) Mail 2\) Quit/],
};

const NOISE = 'echo "noise on stdout"; printf "no end"; sh -c "echo noise on stderr >&2"\n';
/** The folder of programs is ours. */
const STARTUP_FILES: Readonly<Record<string, string>> = {
  '.bashrc': `${NOISE}export SSH_AUTH_SOCK=/nowhere\n`,
  '.cshrc': `${NOISE}setenv SSH_AUTH_SOCK /nowhere\nset path = ($HOME/bin)\n`,
  '.config/fish/config.fish': `${NOISE}set -gx SSH_AUTH_SOCK /nowhere; set -gx PATH $HOME/bin\n`,
};

let home: string;
let host: TestHost;
let agentKey: SshKeyPair;
const keys = new Map<string, SshKeyPair>();

const lineOf = async (name: string, command: string): Promise<string> => {
  const key = await generateKeyPair({ type: 'ed25519', comment: name.replaceAll(' ', '-') });
  keys.set(name, key);
  return `command="${command.replaceAll('"', String.raw`\"`)}" ${key.publicKey}`;
};

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cyborgbackup-shells-'));
  await mkdir(join(home, '.config/fish'), { recursive: true });
  for (const [name, text] of Object.entries(STARTUP_FILES)) await writeFile(join(home, name), text);
  await mkdir(join(home, 'bin'));
  // Clears the environment, as sudo does, and says so.
  await writeFile(join(home, 'bin/sudo'), '#!/bin/sh\nshift\nexec env -i PATH=/usr/bin:/bin AS_ROOT=yes "$@"\n');
  await chmod(join(home, 'bin/sudo'), 0o755);
  const refusals = Object.entries(REFUSALS).map(([name, [command]]) => [name, command] as const);
  const lines = [...Object.entries(SHELLS), ...refusals].map(([name, command]) => lineOf(name, command));
  agentKey = await generateKeyPair({ type: 'ed25519', comment: '' });
  host = await createTestHost({
    authorizedKeys: await Promise.all(lines),
    environment: { HOME: home, PATH: `${home}/bin:${process.env['PATH'] ?? ''}` },
  });
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const logIn = (name: string, startTimeoutMillis = 30_000): Promise<SshSession> =>
  host.connect({
    privateKey: keys.get(name)?.privateKey ?? '',
    agent: createForwardedAgent(() => [{ privateKey: agentKey.privateKey, destination: { user: host.sshd.user } }]),
    startTimeoutMillis,
  });

test.each(Object.keys(SHELLS))(
  'an account with %s runs what another account does, and adds nothing to it',
  async (shell) => {
    const session = await logIn(shell);
    const argv = [`it's`, '!x', String.raw`a\b`, 'two\nlines', '$HOME `id` ^"*', 'caf\udce9', 'ünï', ''];
    expect(
      await runCommand(sshRunner(session), ['printf', '%s|', ...argv.filter((word) => word !== 'caf\udce9')]),
    ).toEqual({
      exitCode: 0,
      stdout: `it's|!x|a\\b|two\nlines|$HOME \`id\` ^"*|ünï||`,
      stderr: '',
    });
    expect(
      await runCommand(sshRunner(session), ['sh', '-c', 'echo "$1" | od -An -tx1; exit 7', 'sh', 'caf\udce9']),
    ).toEqual({
      exitCode: 7,
      stdout: ' 63 61 66 e9 0a\n',
      stderr: '',
    });
  },
);

test.each(Object.keys(SHELLS))('a script finds our agent with %s, with sudo too', async (shell) => {
  const session = await logIn(shell);
  const said: string[] = [];
  const script = 'echo "${AS_ROOT:-no}"; ssh-add -l';
  for (const sudo of [false, true]) {
    const run = { script, secrets: {}, onStdout: (chunk: Buffer) => void said.push(chunk.toString()) };
    expect(await sshRunner(session, { sudo }).run({ ...run, forwardAgent: true })).toMatchObject({ exitCode: 0 });
  }
  expect(said.join('')).toMatch(/^no\n256 (\S+) cyborgbackup-\S+ .*\nyes\n256 \1 /);
});

test.each(Object.keys(SHELLS))('sudo runs scripts with %s where no agent is forwarded', async (shell) => {
  const session = await logIn(shell);
  expect(await runCommand(sshRunner(session, { sudo: true }), ['sh', '-c', 'echo "$AS_ROOT"'])).toMatchObject({
    ...{ exitCode: 0, stdout: 'yes\n' },
  });
});

/** Runs the words that a borg elsewhere would, with the key of an account. */
const dump = async (
  name: string,
  argv: readonly string[],
  input: string,
): Promise<{ stdout: Buffer; status: unknown }> => {
  const { port, user } = host.sshd;
  const file = join(home, 'key');
  await writeFile(file, keys.get(name)?.privateKey ?? '', { mode: 0o600 });
  const options = 'BatchMode=yes StrictHostKeyChecking=no UserKnownHostsFile=/dev/null LogLevel=ERROR'.split(' ');
  const ssh = ['ssh', '-F', '/dev/null', '-i', file, ...options.map((option) => `-o${option}`)].join(' ');
  const [command = '', ...words] = dumpOverSsh({ user, host: '127.0.0.1', port, env: { WHO: "it's !me" } }, argv);
  const env = { PATH: process.env['PATH'], CYBORGBACKUP_SSH: ssh };
  const { stdout, status } = spawnSync(command, words, { input, env });
  await rm(file);
  return { stdout, status };
};

test.each(Object.keys(SHELLS))(
  'a dump over SSH from %s is what its program prints, and nothing else',
  async (shell) => {
    const script = String.raw`read -r line; printf '%s\0%s\n%s\377' "$WHO" "$line" "$1"; exit 3`;
    expect(await dump(shell, ['sh', '-c', `\n${script}`, 'sh', "two\n'lines'!"], 'se!cret $(id)\nrest')).toEqual({
      stdout: Buffer.from("it's !me\0se!cret $(id)\ntwo\n'lines'!\xff", 'latin1'),
      status: 3,
    });
  },
);

test('a dump from an account that runs nothing fails', async () => {
  expect(await dump('an account with nologin', ['true'], '')).toEqual({ stdout: Buffer.alloc(0), status: 255 });
});

test.each(Object.entries(REFUSALS))('%s is explained', async (name, [, message]) => {
  const running = runCommand(sshRunner(await logIn(name, 2_000)), ['true']);
  await expect(running).rejects.toMatchObject({ kind: 'no-shell', message: expect.stringMatching(message) });
});
