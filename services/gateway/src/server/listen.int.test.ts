import Koa from 'koa';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
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
