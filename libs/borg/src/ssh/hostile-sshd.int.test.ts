import { setTimeout as sleep } from 'node:timers/promises';
import type { Writable } from 'node:stream';
import type { Connection, ServerChannel } from 'ssh2';
import { beforeAll, expect, test } from 'vitest';
import { createForwardedAgent } from '../agent/forwarded-agent.ts';
import { runBorg } from '../runner/run-borg.ts';
import { sshRunner } from '../runner/ssh-runner.ts';
import { startHostileSshd, type Hostility } from '../testing/hostile-sshd.ts';
import { createPins, logger } from '../testing/test-host.ts';
import { generateKeyPair } from './key.ts';
import { connectSsh, type SshSession } from './session.ts';

let privateKey: string;
beforeAll(async () => {
  ({ privateKey } = await generateKeyPair({ type: 'ed25519', comment: '' }));
});

/** The window is no multiple of it: ssh2 itself drops what comes when exactly nothing of the window is left. */
const CHUNK = Buffer.alloc(30_000, 'x');
const MARKER = 'cyborgbackup-start\n';

/** Writes without end, as fast as the reader takes it. */
const pourInto = (stream: Writable): void => {
  const pour = (): void => {
    if (!stream.writable) return;
    if (stream.write(CHUNK)) setImmediate(pour);
    else stream.once('drain', pour);
  };
  stream.on('error', () => undefined);
  pour();
};

/** Writes without end, whether or not the reader has room. */
const flood = async (channel: ServerChannel): Promise<void> => {
  const { outgoing } = channel as unknown as { readonly outgoing: { window: number; state: string } };
  while (outgoing.state === 'open' && channel.writable) {
    outgoing.window = 2 ** 31;
    channel.write(CHUNK);
    await sleep(0);
  }
};

const USERAUTH_BANNER = 53;

/** ssh2's server has no word for more than one banner. */
const sendBanner = (client: Connection): void => {
  const { _protocol: protocol } = client as unknown as {
    readonly _protocol: { readonly _cipher: { allocPacket(size: number): Buffer; encrypt(packet: Buffer): void } };
  };
  const text = 'x'.repeat(1_000);
  const packet = protocol._cipher.allocPacket(9 + text.length);
  // After the packet's length and that of its padding.
  packet[5] = USERAUTH_BANNER;
  packet.writeUInt32BE(text.length, 6);
  packet.write(text, 10);
  packet.writeUInt32BE(0, 10 + text.length);
  protocol._cipher.encrypt(packet);
};

type Use = (session: SshSession) => Promise<unknown>;
const exec: Use = (session) => session.exec('true');
const stopped: Use = (session) => session.exec('true', { signal: AbortSignal.timeout(300) });
const borg: Use = (session) => runBorg(sshRunner(session), { argv: ['borg', 'list'], idleTimeoutMillis: 500 });
const script: Use = (session) => sshRunner(session).run({ script: ':', secrets: {} });
/** Holds the output back for ever. */
const hold: Use = (session) => session.exec('true', { onStdout: () => new Promise(() => undefined) });

test.each<[string, Hostility, Use, { kind: string; message: RegExp }]>([
  [
    'accepts a connection and says nothing',
    { socket: () => undefined },
    exec,
    { kind: 'timeout', message: /no answer within/ },
  ],
  [
    'sends lines without end instead of its version',
    { socket: (socket) => pourInto(socket) },
    exec,
    { kind: 'protocol', message: /^Cannot talk to 127\.0\.0\.1:\d+: .+\.$/ },
  ],
  [
    'repeats short lines instead of its version',
    {
      socket: (socket) => {
        const timer = setInterval(() => socket.write('wait\r\n'), 5);
        socket.on('close', () => clearInterval(timer));
      },
    },
    exec,
    { kind: 'timeout', message: /no answer within/ },
  ],
  [
    'never decides about our key',
    { authentication: () => undefined },
    exec,
    { kind: 'timeout', message: /no answer within/ },
  ],
  [
    'asks for another factor again and again',
    { authentication: (context) => context.reject(['publickey', 'keyboard-interactive'], true) },
    exec,
    { kind: 'login-method', message: /asks for a second factor too \(publickey, keyboard-interactive\)/ },
  ],
  [
    'sends banners without end while it checks our key',
    {
      authentication: (_context, client) => {
        const timer = setInterval(() => sendBanner(client), 1);
        client.on('close', () => clearInterval(timer));
      },
    },
    exec,
    { kind: 'timeout', message: /no answer within/ },
  ],
  [
    'lets us in and never answers to a command',
    { exec: () => undefined },
    exec,
    { kind: 'timeout', message: /let us in, but did not start a command within 1 s/ },
  ],
  [
    'starts a command and never says a word',
    { exec: (accept) => void accept() },
    stopped,
    { kind: 'aborted', message: /was cancelled/ },
  ],
  [
    'breaks the connection in the midst of the output',
    {
      exec: (accept, client) => {
        accept().write(`${MARKER}half`, () => client.end());
      },
    },
    borg,
    { kind: 'lost', message: /was lost/ },
  ],
  [
    'closes a channel without an exit status',
    { exec: (accept) => accept().end(`${MARKER}half`) },
    borg,
    { kind: 'lost', message: /was lost/ },
  ],
  [
    'writes errors without end before the command starts',
    { exec: (accept) => pourInto(accept().stderr) },
    borg,
    { kind: 'no-shell', message: /printed more than 1\.00 MB before it ran our command/ },
  ],
  [
    'writes output without end before the command starts',
    { exec: (accept) => pourInto(accept()) },
    borg,
    { kind: 'no-shell', message: /printed more than 1\.00 MB before it ran our command/ },
  ],
  [
    'answers to what we send, and never runs it',
    {
      exec: (accept) => {
        const channel = accept();
        channel.write('Welcome\n');
        channel.on('data', () => channel.write('What?\n')).on('end', () => channel.exit(0));
      },
    },
    script,
    { kind: 'no-shell', message: /does not let us run commands \(it said "Welcome What\?/ },
  ],
  [
    'starts our shell in silence, and never runs what we send',
    {
      exec: (accept) =>
        void accept()
          .on('end', function (this: ServerChannel) {
            this.end();
          })
          .resume(),
    },
    script,
    { kind: 'timeout', message: /ran no command in time/ },
  ],
  [
    'sends more than we have room for',
    { exec: (accept) => void flood(accept()) },
    hold,
    { kind: 'protocol', message: /it sends more than we have room for/ },
  ],
  [
    'tells the exit status and does not close the channel',
    { exec: (accept) => accept().exit(0) },
    exec,
    { kind: 'protocol', message: /a command ended, and its channel does not close/ },
  ],
])('ends with one sentence when a host %s', async (_name, hostility, use, expected) => {
  await using host = await startHostileSshd(hostility);
  const before = process.memoryUsage().rss;
  const attempt = connectSsh({
    host: '127.0.0.1',
    port: host.port,
    user: 'root',
    privateKey,
    hostKeys: createPins(),
    logger,
    connectTimeoutMillis: hostility.exec ? 5_000 : 300,
    startTimeoutMillis: 600,
  }).then((session) => use(session).finally(() => session.close()));
  await expect(attempt).rejects.toMatchObject({
    kind: expected.kind,
    message: expect.stringMatching(expected.message),
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
});

test('refuses a host that has another key at the second connection', async () => {
  await using host = await startHostileSshd({ changesHostKey: true });
  const options = { host: '127.0.0.1', port: host.port, user: 'root', privateKey, hostKeys: createPins(), logger };
  await (await connectSsh(options)).close();
  await expect(connectSsh(options)).rejects.toMatchObject({ kind: 'host-key' });
});

test('gives a host nothing that asks for channels and requests of its own', async () => {
  const answers: unknown[] = [];
  await using host = await startHostileSshd({
    ready: (client) => {
      const note = (error: Error | undefined): void => void answers.push(error?.message);
      client.x11('127.0.0.1', 6000, note);
      client.forwardOut('127.0.0.1', 22, '127.0.0.1', 22, note);
      const { _protocol: protocol } = client as unknown as { readonly _protocol: { ping(): void } };
      for (let request = 0; request < 1_000; request += 1) protocol.ping();
    },
    exec: (accept) => {
      const channel = accept();
      channel.exit(3);
      channel.end();
    },
  });
  const agent = createForwardedAgent(() => [{ privateKey, destination: { user: 'borg' } }]);
  const options = { host: '127.0.0.1', port: host.port, user: 'root', privateKey, hostKeys: createPins(), logger };
  const session = await connectSsh({ ...options, agent });
  expect(await session.exec('true', { forwardAgent: true })).toEqual({ exitCode: 3 });
  expect(answers).toEqual([expect.stringMatching(/open failure/), expect.stringMatching(/open failure/)]);
  await session.close();
});
