import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { parseHostKey } from './host-key.ts';
import type { SshError } from './error.ts';
import { generateKeyPair, parsePrivateKey } from './key.ts';
import { createTestDir, createTestHost, isRunning, until } from '../testing/test-host.ts';
import { startTcpProxy } from '../testing/tcp-proxy.ts';

const listenSilently = async (answer?: string): Promise<{ port: number } & AsyncDisposable> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (answer !== undefined) socket.end(answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
};

const collect = (): { take: (chunk: Buffer) => void; text: () => string } => {
  const chunks: Buffer[] = [];
  return { take: (chunk) => void chunks.push(chunk), text: () => Buffer.concat(chunks).toString() };
};

test('a command runs with its input and gives output, errors and exit status', async () => {
  await using host = await createTestHost();
  const session = await host.connect();
  const [out, err] = [collect(), collect()];
  const stdin = (async function* () {
    yield 'one\n';
    yield 'two\n';
  })();
  const result = await session.exec('cat; echo oops >&2; exit 7', { stdin, onStdout: out.take, onStderr: err.take });
  expect(result).toEqual({ exitCode: 7 });
  expect([out.text(), err.text()]).toEqual(['one\ntwo\n', 'oops\n']);
  expect(await session.exec('kill -9 $$')).toEqual({ exitCode: null, signal: 'SIGKILL' });
});

test('commands that are over at once keep their exit status', async () => {
  await using host = await createTestHost();
  const session = await host.connect();
  for (let round = 0; round < 20; round += 1) {
    const several = await Promise.all([1, 2, 3, 4, 5].map((code) => session.exec(`exit ${code}`)));
    expect(several.map(({ exitCode }) => exitCode)).toEqual([1, 2, 3, 4, 5]);
  }
});

test('a slow reader holds the command back instead of filling memory', async () => {
  await using host = await createTestHost();
  const session = await host.connect();
  let megabytes = 0;
  let megabytesWhileHeld: number | undefined;
  let seen = 0;
  const result = await session.exec('for i in $(seq 30); do head -c 1000000 /dev/zero; echo . >&2; done', {
    onStderr: (chunk) => {
      megabytes += chunk.toString().split('.').length - 1;
    },
    onStdout: async (chunk) => {
      seen += chunk.length;
      if (megabytesWhileHeld !== undefined) return;
      megabytesWhileHeld = 0;
      await sleep(300);
      megabytesWhileHeld = megabytes;
    },
  });
  expect(result).toEqual({ exitCode: 0 });
  expect([seen, megabytes]).toEqual([30_000_000, 30]);
  // The channel's window of 2 MiB, and what the sockets in between hold.
  expect(megabytesWhileHeld).toBeLessThan(10);
});

test('the first key is recorded, another one later refused, and accepted again once forgotten', async () => {
  await using host = await createTestHost();
  await host.connect();
  const { fingerprint } = host.sshd.hostKey;
  const name = `127.0.0.1:${host.sshd.port}`;
  expect(host.pins.keys.get(name)?.[0]?.fingerprint).toBe(fingerprint);
  await host.connect();
  await host.sshd.rotateHostKey();
  await expect(host.connect()).rejects.toMatchObject({
    kind: 'host-key',
    code: 'conflict',
    message: expect.stringContaining(`changed: expected ${fingerprint}, got ${host.sshd.hostKey.fingerprint}.`),
  });
  host.pins.keys.clear();
  await host.connect();
});

test('a host with several keys is asked for the type on record', async () => {
  await using dir = await createTestDir();
  const ecdsa = await generateKeyPair({ type: 'ecdsa', comment: '' });
  await writeFile(`${dir.path}/ecdsa`, ecdsa.privateKey, { mode: 0o600 });
  await using host = await createTestHost({ config: [`HostKey ${dir.path}/ecdsa`] });
  await host.connect();
  const name = `127.0.0.1:${host.sshd.port}`;
  expect(host.pins.keys.get(name)?.[0]?.type).toBe('ssh-ed25519');

  const blob = parsePrivateKey(ecdsa.privateKey).getPublicSSH();
  host.pins.keys.set(name, [parseHostKey(blob)]);
  await host.connect();
});

test('each reason for a failed connection has its own error message', async () => {
  await using host = await createTestHost();
  await using silent = await listenSilently();
  await using http = await listenSilently('HTTP/1.1 400 Bad Request\r\n\r\n');
  const stranger = await generateKeyPair({ type: 'ed25519', comment: '' });
  const { port, user } = host.sshd;
  const attempts = [
    host.connect({ privateKey: stranger.privateKey }),
    host.connect({ host: 'no-such-host.invalid' }),
    host.connect({ port: 1 }),
    host.connect({ port: silent.port, connectTimeoutMillis: 300 }),
    host.connect({ port: http.port }),
    host.connect({
      hostKeys: { known: () => Promise.resolve([]), record: () => Promise.reject(new Error('the store is down')) },
    }),
  ];
  const outcomes = (await Promise.allSettled(attempts)).map((outcome) =>
    outcome.status === 'rejected' ? (outcome.reason as SshError) : undefined,
  );
  expect(outcomes.map((error) => [error?.kind, error?.message])).toEqual([
    [
      'auth',
      `${user}@127.0.0.1:${port} does not accept our key. Is its public half in that account's authorized_keys?`,
    ],
    ['unknown-host', expect.stringContaining(`Cannot reach no-such-host.invalid:${port}: the name`)],
    ['refused', 'Cannot reach 127.0.0.1:1: connection refused. Is sshd running there and the port right?'],
    ['timeout', expect.stringContaining(`Cannot reach 127.0.0.1:${silent.port}: no answer within`)],
    ['protocol', expect.stringContaining(`Cannot talk to 127.0.0.1:${http.port}:`)],
    [undefined, 'the store is down'],
  ]);
});

test('an aborted connection attempt ends at once', async () => {
  await using host = await createTestHost();
  await using silent = await listenSilently();
  const abort = new AbortController();
  const attempt = host.connect({ port: silent.port, signal: abort.signal });
  setImmediate(() => abort.abort());
  await expect(attempt).rejects.toMatchObject({ kind: 'aborted' });
  await expect(host.connect({ signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'aborted' });
});

test('aborting a command closes its channel and leaves the session alone', async () => {
  await using host = await createTestHost();
  const session = await host.connect();
  const abort = new AbortController();
  const running = session.exec('echo up; tail -f /dev/null --pid=$PPID', {
    signal: abort.signal,
    onStdout: () => abort.abort(),
  });
  await expect(running).rejects.toMatchObject({ kind: 'aborted' });
  expect(await session.exec('exit 4')).toEqual({ exitCode: 4 });
});

test('an error thrown by a callback ends the command', async () => {
  await using host = await createTestHost();
  const session = await host.connect();
  const running = session.exec('echo up; tail -f /dev/null --pid=$PPID', {
    onStdout: () => {
      throw new Error('no more of this');
    },
  });
  await expect(running).rejects.toThrow('no more of this');
});

test('a broken connection fails its commands as lost', async () => {
  await using host = await createTestHost();
  await using proxy = await startTcpProxy(host.sshd.port);
  const session = await host.connect({ port: proxy.port });
  const running = session.exec('echo up; tail -f /dev/null --pid=$PPID', { onStdout: () => proxy.cut() });
  await expect(running).rejects.toMatchObject({ kind: 'lost', message: expect.stringContaining('was lost') });
  await expect(session.exec('true')).rejects.toMatchObject({ kind: 'lost' });
});

test('a peer that falls silent fails its commands as lost', async () => {
  await using host = await createTestHost();
  await using proxy = await startTcpProxy(host.sshd.port);
  const session = await host.connect({ port: proxy.port, keepaliveMillis: 50 });
  const running = session.exec('echo up; tail -f /dev/null --pid=$PPID', { onStdout: () => proxy.freeze() });
  await expect(running).rejects.toMatchObject({ kind: 'lost', message: expect.stringContaining('Keepalive timeout') });
});

test('commands that run at once have connections of their own where a host allows one for each', async () => {
  await using host = await createTestHost({ config: ['MaxSessions 1'] });
  const session = await host.connect();
  const wait = Promise.withResolvers<void>();
  const outer = session.exec('echo $PPID; cat', {
    stdin: (async function* () {
      await wait.promise;
      yield 'end';
    })(),
    onStdout: async (chunk) => {
      if (chunk.toString() === 'end') return;
      expect(await session.exec('exit 4')).toEqual({ exitCode: 4 });
      expect(await session.exec('exit 5')).toEqual({ exitCode: 5 });
      wait.resolve();
    },
  });
  expect(await outer).toEqual({ exitCode: 0 });
  expect(host.sshd.log().match(/Accepted publickey/g)).toHaveLength(2);
});

test('a host that opens no session at all is reported with its sshd setting', async () => {
  await using host = await createTestHost({ config: ['MaxSessions 0'] });
  const running = host.connect().then((session) => session.exec('true'));
  await expect(running).rejects.toMatchObject({
    kind: 'no-session',
    message: expect.stringMatching(/opens no session \(.*open failed\): look at MaxSessions/),
  });
});

test('a host that wants more than a key is reported with what it asks for', async () => {
  await using factors = await createTestHost({
    config: ['KbdInteractiveAuthentication yes', 'AuthenticationMethods publickey,keyboard-interactive'],
  });
  await expect(factors.connect()).rejects.toMatchObject({
    kind: 'login-method',
    message: expect.stringMatching(
      /takes our key and asks for a second factor too \(keyboard-interactive\), .* exempt this account/,
    ),
  });
  await using passwords = await createTestHost({ config: ['PasswordAuthentication yes', 'PubkeyAuthentication no'] });
  await expect(passwords.connect()).rejects.toMatchObject({
    kind: 'login-method',
    message: expect.stringMatching(/lets nobody in with a key \(it offers password\)/),
  });
});

test('a banner is no part of what a command prints', async () => {
  await using dir = await createTestDir();
  await writeFile(`${dir.path}/banner`, 'Authorised use only:\n');
  await using host = await createTestHost({ config: [`Banner ${dir.path}/banner`] });
  const [out, err] = [collect(), collect()];
  const session = await host.connect();
  expect(await session.exec('echo ok', { onStdout: out.take, onStderr: err.take })).toEqual({ exitCode: 0 });
  expect([out.text(), err.text()]).toEqual(['ok\n', '']);
});

test('closing a session, or aborting its signal, ends the connection', async () => {
  await using host = await createTestHost();
  const session = await host.connect();
  let pid = 0;
  const running = session.exec('echo $PPID; cat', {
    stdin: (async function* () {
      yield '';
      await sleep(60_000, undefined, { ref: false });
    })(),
    onStdout: (chunk) => {
      pid = Number(chunk.toString());
      void session.close();
    },
  });
  await expect(running).rejects.toMatchObject({ kind: 'lost' });
  await session.close();
  await until('sshd let go of the connection', async () => !(await isRunning(pid)));

  const abort = new AbortController();
  const other = await host.connect({ signal: abort.signal });
  abort.abort();
  await until('the session is closed', () =>
    other.exec('true').then(
      () => false,
      () => true,
    ),
  );
});

test('a session tells which of two keys the account accepted', async () => {
  await using host = await createTestHost();
  const stranger = await generateKeyPair({ type: 'ed25519', comment: '' });
  const { privateKey } = host.key;
  const second = await host.connect({ privateKey: stranger.privateKey, otherKey: privateKey });
  expect(second.withOtherKey).toBe(true);
  const first = await host.connect({ otherKey: stranger.privateKey });
  expect(first.withOtherKey).toBe(false);
  const neither = host.connect({ privateKey: stranger.privateKey, otherKey: stranger.privateKey });
  await expect(neither).rejects.toMatchObject({ kind: 'auth' });
});
