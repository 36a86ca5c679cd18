import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const bootstrap = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [join(import.meta.dirname, 'bootstrap.mjs'), ...args], { encoding: 'utf8' });

test('bootstrap prints nothing when everything is installed', () => {
  expect(bootstrap('--lint')).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test('bootstrap prints its usage', () => {
  const { status, stdout } = bootstrap('--help');
  expect(status).toBe(0);
  expect(stdout).toMatch(/--runtime/);
});

test('bootstrap refuses an option it does not know', () => {
  expect(bootstrap('--fast')).toMatchObject({ status: 1, stderr: expect.stringMatching(/--fast/) });
});
