import { expect, test } from 'vitest';
import { onFreePort } from './free-port.ts';

const taken = new Error('bind: address already in use');

test('onFreePort tries another port when the free one was taken meanwhile', async () => {
  const tried: number[] = [];
  const start = (port: number): Promise<string> =>
    tried.push(port) < 3 ? Promise.reject(taken) : Promise.resolve('up');
  const { server, port } = await onFreePort(start);
  expect(server).toBe('up');
  expect(port).toBe(tried[2]);
});

test.each([
  ['a port that was asked for', 4222, taken],
  ['another failure', undefined, new Error('disk full')],
])('onFreePort tries %s once', async (_, wanted, error) => {
  let tries = 0;
  const start = (): Promise<never> => {
    tries += 1;
    return Promise.reject(error);
  };
  await expect(onFreePort(start, wanted)).rejects.toBe(error);
  expect(tries).toBe(1);
});

test('onFreePort gives up after three ports', async () => {
  let tries = 0;
  const start = (): Promise<never> => {
    tries += 1;
    return Promise.reject(taken);
  };
  await expect(onFreePort(start)).rejects.toBe(taken);
  expect(tries).toBe(3);
});
