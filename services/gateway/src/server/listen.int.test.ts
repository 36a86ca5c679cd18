import Koa from 'koa';
import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { limitConnections } from './limit-connections.ts';
import { listen } from './listen.ts';

const ANY_PORT = { host: '127.0.0.1', port: 0 };

test('answers running requests on close without waiting for idle connections', async () => {
  const arrived = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const app = new Koa();
  app.use(async (ctx) => {
    if (ctx.path === '/slow') {
      arrived.resolve();
      await release.promise;
    }
    ctx.body = 'done';
  });
  const listener = await listen(app, ANY_PORT);
  const agent = new Agent({ keepAlive: true });
  const read = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      get(`${listener.url}${path}`, { agent }, (answer) => resolve(text(answer))).on('error', reject);
    });
  expect(await read('/')).toBe('done');
  const slow = read('/slow');
  await arrived.promise;
  const start = performance.now();
  const closed = listener.close();
  release.resolve();
  expect(await slow).toBe('done');
  await closed;
  expect(performance.now() - start).toBeLessThan(2_000);
  agent.destroy();
});

test('closes without waiting for a connection that was never used', async () => {
  const listener = await listen(new Koa(), ANY_PORT);
  const unused = connect(Number(new URL(listener.url).port), ANY_PORT.host);
  await once(unused, 'connect');
  const closed = once(unused, 'close');
  const start = performance.now();
  await listener.close();
  await closed;
  expect(performance.now() - start).toBeLessThan(2_000);
});

test('names the variable to set when the port is in use', async () => {
  const listener = await listen(new Koa(), ANY_PORT);
  try {
    const port = Number(new URL(listener.url).port);
    await expect(listen(new Koa(), { ...ANY_PORT, port })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('CYBORGBACKUP_LISTEN'),
    });
  } finally {
    await listener.close();
  }
});

test.each([
  ['one sender has a bound of its own', [], 1],
  ['a trusted proxy brings those of many', ['127.0.0.1'], 2],
])('%s of connections', async (_, proxies, served) => {
  await using server = createServer((_request, response) => void response.end('done'));
  limitConnections(server, proxies, { all: 3, ofNetwork: 1 });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    return socket;
  };
  const sockets = [await ask(), await ask()];
  expect(sockets.filter(({ bytesRead }) => bytesRead > 0)).toHaveLength(served);
  const gone = sockets.flatMap((socket) => (socket.destroyed ? [] : [once(socket, 'close')]));
  server.closeAllConnections();
  await Promise.all(gone);
  const next = await ask();
  expect(next.bytesRead).toBeGreaterThan(0);
  next.destroy();
});
