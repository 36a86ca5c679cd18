import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startTestNats } from './nats-server.ts';

/** The first line a nats-server sends, or the error's code. */
const greeting = async (url: string): Promise<string> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  try {
    const [line] = (await once(socket, 'data')) as [Buffer];
    return String(line);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  } finally {
    socket.destroy();
  }
};

test('a test nats-server can be stopped, killed and restarted under the same url', async () => {
  await using nats = await startTestNats();
  expect(await greeting(nats.url)).toMatch(/"auth_required":true.*"jetstream":true/);
  await nats.stop();
  expect(await greeting(nats.url)).toBe('ECONNREFUSED');
  await nats.restart();
  expect(await greeting(nats.url)).toMatch(/^INFO /);
  await nats.kill();
  expect(await greeting(nats.url)).toBe('ECONNREFUSED');
  await nats.restart();
  expect(await greeting(nats.url)).toMatch(/^INFO /);
});
