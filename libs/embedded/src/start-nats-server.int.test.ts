import { createLogger, delay, hasCode } from '@cyborgbackup/kernel';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processesIn } from './leftovers.ts';
import { startNatsServer } from './start-nats-server.ts';

const logger = createLogger('test', 'silent');
const token = 'a-token-of-this-test';
const authorization = `authorization { token: "${token}" }`;

let dataDir: string;
let directory: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'cyborgbackup-nats-'));
  directory = join(dataDir, 'server');
});

afterEach(async () => {
  expect(await processesIn(directory, 'nats-server')).toEqual([]);
  await rm(dataDir, { recursive: true });
});

/** What the server answers to a CONNECT with this token: `PONG`, or an error. */
const login = async (port: string, token: string): Promise<string> => {
  const socket = connect(Number(port), '127.0.0.1');
  try {
    const info = String(((await once(socket, 'data')) as [Buffer])[0]);
    if (!info.includes('"jetstream":true')) return 'no JetStream';
    socket.write(`CONNECT ${JSON.stringify({ auth_token: token, verbose: false })}\r\nPING\r\n`);
    return String(((await once(socket, 'data')) as [Buffer])[0]).trim();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'failed';
  } finally {
    socket.destroy();
  }
};

test('nats-server admits only whom its configuration names, which is in a file of mode 0600 and in no argument', async () => {
  const server = await startNatsServer({ dataDir, logger, authorization });
  const { port } = new URL(server.url);
  expect(await login(port, token)).toBe('PONG');
  expect(await login(port, 'wrong')).toMatch(/Authorization Violation/);
  expect((await stat(join(directory, 'nats.conf'))).mode & 0o777).toBe(0o600);
  const [pid] = await processesIn(directory, 'nats-server');
  expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(token);
  await server.stop();

  const again = await startNatsServer({ dataDir, logger, authorization, port: Number(port) });
  expect(again.url).toBe(server.url);
  await again.stop();
});

test.runIf(process.getuid?.() === 0)('nats-server started by root runs under a user of its own', async () => {
  const server = await startNatsServer({ dataDir, logger, authorization });
  const [pid] = await processesIn(directory, 'nats-server');
  expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t65530\t/m);
  await server.stop();
});

test('nats-server is started again under the same url when it ends by itself', async () => {
  const server = await startNatsServer({ dataDir, logger, authorization });
  const { port } = new URL(server.url);
  const [first] = await processesIn(directory, 'nats-server');
  process.kill(first!, 'SIGKILL');
  while ((await login(port, token)) !== 'PONG') await delay(20);
  expect(await processesIn(directory, 'nats-server')).not.toEqual([first]);
  await server.stop();
});

test('nats-server can be stopped while it waits to be started again', async () => {
  const server = await startNatsServer({ dataDir, logger, authorization });
  const [first] = await processesIn(directory, 'nats-server');
  process.kill(first!, 'SIGKILL');
  while ((await processesIn(directory, 'nats-server')).length > 0) await delay(5);
  await server.stop();
  await delay(400);
  expect(await processesIn(directory, 'nats-server')).toEqual([]);
});

test('startNatsServer refuses a folder in use, and takes it after the stop', async () => {
  const server = await startNatsServer({ dataDir, logger, authorization });
  await expect(startNatsServer({ dataDir, logger, authorization })).rejects.toSatisfy((error) =>
    hasCode(error, 'conflict'),
  );
  await server.stop();
  await (await startNatsServer({ dataDir, logger, authorization })).stop();
});

test('stopping a nats-server twice does not touch the next one in the same folder', async () => {
  const first = await startNatsServer({ dataDir, logger, authorization });
  await first.stop();
  const second = await startNatsServer({ dataDir, logger, authorization });
  await first.stop();
  const { port } = new URL(second.url);
  expect(await login(port, token)).toBe('PONG');
  await expect(startNatsServer({ dataDir, logger, authorization })).rejects.toSatisfy((error) =>
    hasCode(error, 'conflict'),
  );
  await second.stop();
});
