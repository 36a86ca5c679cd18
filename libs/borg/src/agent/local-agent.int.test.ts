import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startLocalAgent } from './local-agent.ts';
import { generateKeyPair } from '../ssh/key.ts';
import { createTestHost, type TestHost } from '../testing/test-host.ts';

const run = promisify(execFile);

const hostKeyOf = (host: TestHost): string => host.sshd.hostKey.publicKeyLine.split(' ')[1] ?? '';

/** What a login with nothing but the agent says. */
const login = async (socket: string, { sshd }: TestHost, user = sshd.user): Promise<string> => {
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentityFile=none'];
  const words = [...options.flatMap((option) => ['-o', option]), '-p', String(sshd.port), `${user}@127.0.0.1`];
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  return run('ssh', [...words, 'echo reached'], { env }).then(
    ({ stdout }) => stdout,
    (error: unknown) => String(error),
  );
};

test('a local agent offers each key to its own host only', async () => {
  await using first = await createTestHost();
  await using second = await createTestHost();
  const identity = (host: TestHost) => ({
    privateKey: host.key.privateKey,
    destination: { user: host.sshd.user, hostKeys: [hostKeyOf(host)] },
  });
  await using both = await startLocalAgent([identity(first), identity(second)]);
  expect(await login(both.socket, first)).toBe('reached\n');
  expect(await login(both.socket, second)).toBe('reached\n');
  expect(await login(both.socket, first, 'nobody')).toMatch(/Permission denied/);
  await using crossed = await startLocalAgent([
    { privateKey: first.key.privateKey, destination: { user: first.sshd.user, hostKeys: [hostKeyOf(second)] } },
  ]);
  expect(await login(crossed.socket, first)).toMatch(/Permission denied/);
});

test("the agent's socket is private to the account, and is removed with the agent and its connections", async () => {
  const { privateKey } = await generateKeyPair({ type: 'ed25519', comment: '' });
  const agent = await startLocalAgent([{ privateKey, destination: { user: 'x' } }]);
  const folder = dirname(agent.socket);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(agent.socket)).mode & 0o777).toBe(0o600);
  const idle = connect(agent.socket);
  await once(idle, 'connect');
  const closed = once(idle, 'close');
  await agent[Symbol.asyncDispose]();
  await closed;
  expect(existsSync(folder)).toBe(false);
});

test('sockets of killed processes are removed, and an unreadable key leaves no socket', async () => {
  const dead = join(tmpdir(), 'cyborgbackup-agent-2147483646-abcdef');
  await mkdir(dead);
  await expect(startLocalAgent([{ privateKey: 'nonsense', destination: { user: 'x' } }])).rejects.toThrow(
    /private key/,
  );
  const { privateKey } = await generateKeyPair({ type: 'ed25519', comment: '' });
  await using agent = await startLocalAgent([{ privateKey, destination: { user: 'x' } }]);
  expect(existsSync(agent.socket)).toBe(true);
  expect(existsSync(dead)).toBe(false);
});
