import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSshd, type TestSshd } from './sshd.ts';

let dir: string;
let publicKey: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sshd-test-'));
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${dir}/key`]);
  publicKey = await readFile(`${dir}/key.pub`, 'utf8');
});
afterAll(() => rm(dir, { recursive: true }));

const sshArgs = (sshd: TestSshd, command: string): string[] => {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${dir}/known_${sshd.port}`,
    `IdentityFile=${dir}/key`,
  ];
  return [...options.flatMap((option) => ['-o', option]), '-p', `${sshd.port}`, `${sshd.user}@${sshd.host}`, command];
};

const ssh = (sshd: TestSshd, command: string): string =>
  execFileSync('ssh', sshArgs(sshd, command), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

test('a login runs commands with our PATH, and the host key is the one told', async () => {
  await using sshd = await startTestSshd({ authorizedKeys: [publicKey.trim()] });
  const [first = ''] = (process.env['PATH'] ?? '').split(':');
  // Root's own login scripts may add to it.
  expect(ssh(sshd, 'echo "$PATH"').trim().split(':')).toContain(first);
  const known = await readFile(`${dir}/known_${sshd.port}`, 'utf8');
  expect(known).toContain(sshd.hostKey.publicKeyLine.split(' ')[1]);
});

test('a rotated host key is another one, on the same port', async () => {
  await using sshd = await startTestSshd({ authorizedKeys: [publicKey.trim()] });
  ssh(sshd, 'true');
  const before = sshd.hostKey.fingerprint;
  await sshd.rotateHostKey();
  expect(sshd.hostKey.fingerprint).not.toBe(before);
  expect(() => ssh(sshd, 'true')).toThrow('Host key verification failed');
});

test('a restricted key gets nothing but borg serve', async () => {
  await using sshd = await startTestSshd({ authorizedKeys: [publicKey.trim()], borgRestrict: dir });
  const said = execFileSync('sh', ['-c', 'ssh "$@" 2>&1 </dev/null || true', 'sh', ...sshArgs(sshd, 'echo hello')], {
    encoding: 'utf8',
  });
  expect(said).toMatch(/^borg: error: .*invalid choice: 'hello'/m);
});

test('stop ends connections and removes the folder; a second stop does nothing', async () => {
  const sshd = await startTestSshd({ authorizedKeys: [publicKey.trim()] });
  const client = spawn('ssh', sshArgs(sshd, 'echo up; cat'), { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(client.stdout, 'data');
  const exited = once(client, 'exit');
  await sshd.stop();
  await exited;
  expect(existsSync(sshd.dir)).toBe(false);
  await sshd.stop();
  const [error] = await once(connect(sshd.port, sshd.host), 'error').catch((reason: unknown) => [reason]);
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
});

test('a bad configuration is an error that says why', async () => {
  await expect(startTestSshd({ authorizedKeys: [], config: ['NoSuchOption yes'] })).rejects.toThrow(
    'Bad configuration option: NoSuchOption',
  );
});
