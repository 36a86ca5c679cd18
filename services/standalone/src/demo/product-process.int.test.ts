import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startProduct } from './product-process.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-product-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

const start = async (program: string): ReturnType<typeof startProduct> => {
  const entry = join(folder, 'entry.mjs');
  await writeFile(entry, program);
  return startProduct({ entry, logFile: join(folder, 'log'), environment: {} });
};

const READY = "console.log('CyBorgBackup ready at http://127.0.0.1:1');";

it('leaves a product that is ready alone, however long it runs', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await using product = await start(`${READY} setInterval(() => {}, 1_000)`);
  expect(vi.getTimerCount(), 'nothing is left that would end it').toBe(0);
  process.kill(product.pid, 0);
});

it('says when the product ends by itself, and where the log of one is that never was ready', async () => {
  const product = await start(`${READY} process.exitCode = 3`);
  expect(await product.ended).toEqual([3, null]);
  await expect(start('process.exitCode = 1')).rejects.toThrow(`its log is ${join(folder, 'log')}`);
});
