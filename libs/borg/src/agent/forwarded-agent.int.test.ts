import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { AgentDestination } from './dialogue.ts';
import { createForwardedAgent } from './forwarded-agent.ts';
import { knownHostsLine } from '../ssh/host-key.ts';
import { quoteArgv } from '../shell/quote.ts';
import { generateKeyPair, type SshKeyPairOptions } from '../ssh/key.ts';
import { createTestDir, createTestHost, type TestHost } from '../testing/test-host.ts';

/** Runs a command on a host with a forwarded agent; output and errors together. */
const runWithAgent = async (
  client: TestHost,
  agentKey: string,
  destination: AgentDestination,
  command: string,
): Promise<{ exitCode: number | null; said: string }> => {
  const session = await client.connect({ agent: createForwardedAgent(() => [{ privateKey: agentKey, destination }]) });
  let said = '';
  const take = (chunk: Buffer): void => {
    said += chunk.toString();
  };
  const { exitCode } = await session.exec(command, { forwardAgent: true, onStdout: take, onStderr: take });
  await session.close();
  return { exitCode, said };
};

/** `ssh` from wherever the agent is forwarded to, to a second host that only the agent's key opens. */
const sshTo = async (target: TestHost, dir: string): Promise<string> => {
  const probe = await target.connect();
  await probe.close();
  const [key] = target.pins.keys.get(`127.0.0.1:${target.sshd.port}`) ?? [];
  if (!key) throw new Error('no pin');
  await writeFile(`${dir}/known_hosts`, `${knownHostsLine('127.0.0.1', target.sshd.port, key)}\n`);
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${dir}/known_hosts`,
    'IdentityFile=none',
  ];
  return quoteArgv([
    'ssh',
    ...options.flatMap((o) => ['-o', o]),
    '-p',
    `${target.sshd.port}`,
    `${target.sshd.user}@127.0.0.1`,
    'echo reached',
  ]);
};

const hostKeyOf = (host: TestHost): string => host.sshd.hostKey.publicKeyLine.split(' ')[1] ?? '';

test.each<SshKeyPairOptions>([
  { type: 'ed25519', comment: '' },
  { type: 'rsa', bits: 2048, comment: '' },
  { type: 'ecdsa', bits: 521, comment: '' },
])('a forwarded $type key logs in at its destination and nowhere else', async (kind) => {
  const key = await generateKeyPair(kind);
  await using dir = await createTestDir();
  await using client = await createTestHost();
  await using repository = await createTestHost({}, key);
  const ssh = await sshTo(repository, dir.path);
  const { user } = repository.sshd;
  const hostKeys = [hostKeyOf(repository)];

  const reached = await runWithAgent(client, key.privateKey, { user, hostKeys }, ssh);
  expect(reached).toEqual({ exitCode: 0, said: 'reached\n' });
  const anywhere = await runWithAgent(client, key.privateKey, { user }, ssh);
  expect(anywhere.exitCode).toBe(0);

  const otherUser = await runWithAgent(client, key.privateKey, { user: 'somebody', hostKeys }, ssh);
  expect(otherUser).toMatchObject({ exitCode: 255, said: expect.stringContaining('agent refused operation') });
  const otherHost = await runWithAgent(client, key.privateKey, { user, hostKeys: [hostKeyOf(client)] }, ssh);
  // A session that is bound to another host is not even shown the key.
  expect(otherHost).toMatchObject({ exitCode: 255, said: expect.stringContaining('Permission denied') });
});

test('a forwarded agent lists its key, signs nothing but logins, and accepts no further keys', async () => {
  const key = await generateKeyPair({ type: 'ed25519', comment: '' });
  await using dir = await createTestDir();
  await using client = await createTestHost();
  const destination = { user: client.sshd.user };
  const listed = await runWithAgent(client, key.privateKey, destination, 'ssh-add -l');
  expect(listed.said).toMatch(/^256 \S+ cyborgbackup-[0-9a-f-]{36} \(ED25519\)\n$/);
  expect(listed.said).toContain(key.fingerprint);

  await writeFile(`${dir.path}/key.pub`, `${key.publicKey}\n`);
  await writeFile(`${dir.path}/other`, (await generateKeyPair({ type: 'ed25519', comment: '' })).privateKey, {
    mode: 0o600,
  });
  const signed = await runWithAgent(
    client,
    key.privateKey,
    destination,
    `echo x | ssh-keygen -Y sign -n file -f ${dir.path}/key.pub`,
  );
  expect(signed).toMatchObject({ exitCode: 255, said: expect.stringContaining('agent refused operation') });
  const added = await runWithAgent(client, key.privateKey, destination, `ssh-add ${dir.path}/other`);
  expect(added).toMatchObject({ exitCode: 1, said: expect.stringContaining('agent refused operation') });
});

test('a host that forbids agent forwarding is reported with its sshd setting', async () => {
  await using client = await createTestHost({ config: ['AllowAgentForwarding no'] });
  const running = runWithAgent(client, client.key.privateKey, { user: 'x' }, 'true');
  await expect(running).rejects.toMatchObject({
    kind: 'auth',
    message: expect.stringContaining('refuses agent forwarding'),
  });
});

test('a command without forwarding has no access to the agent', async () => {
  await using client = await createTestHost();
  const session = await client.connect({
    agent: createForwardedAgent(() => [{ privateKey: client.key.privateKey, destination: { user: 'x' } }]),
  });
  expect(await session.exec('test -z "$SSH_AUTH_SOCK"')).toEqual({ exitCode: 0 });
});
