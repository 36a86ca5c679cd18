import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { logIn } from '../demo/api-client.ts';
import { PROJECT } from './testing/service-process.ts';

let data: string;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'cyborgbackup-standalone-'));
});

afterAll(async () => {
  await rm(data, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly lines: readonly string[];
  /** What it wrote to standard error so far. */
  readonly errors: () => string;
}

const NODE = [process.execPath, 'services/standalone'] as const;

/** The product with nothing configured but the folder and a free port. */
const start = async ([program, argument]: readonly [string, string] = NODE): Promise<Started> => {
  const child = spawn(program, [argument], {
    cwd: PROJECT,
    env: { ...process.env, CYBORGBACKUP_DATA_DIR: data, CYBORGBACKUP_LISTEN: '127.0.0.1:0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    const url = /^CyBorgBackup ready at (http:\S+)$/.exec(line)?.[1];
    if (url !== undefined) return { child, url, lines, errors: () => errors };
  }
  throw new Error(`It ended before it was ready: ${errors}`);
};

/** Ctrl-C in a terminal: the signal goes to all processes of the group. Resolves with the status and what was said. */
const interrupt = async ({ child, errors }: Started): Promise<{ code: number | null; said: string }> => {
  const exited = once(child, 'close');
  process.kill(-(child.pid ?? NaN), 'SIGINT');
  await exited;
  return { code: child.exitCode, said: errors() };
};

const stop = async ({ child }: Started, signal: NodeJS.Signals): Promise<number | null> => {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
};

test('the standalone process writes the first password to a file of its owner, stops with 0, and comes back after SIGKILL with what it knew', async () => {
  const first = await start();
  const printed = /^First administrator: (\S+), password in (\S+)$/.exec(first.lines[0] ?? '');
  const file = join(data, 'initial-admin-password');
  expect(printed?.[2]).toBe(file);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const login = { email: printed?.[1] ?? '', password: (await readFile(file, 'utf8')).trim() };
  const client = z.object({ id: z.number() });
  const { id } = await (await logIn(first.url, login)).post('/api/v1/clients/', { hostname: 'kept' }, client);
  const { code, said } = await interrupt(first);
  expect(code).toBe(0);
  expect(first.lines.join('\n') + said).not.toContain(login.password);
  expect(said).not.toMatch(/"level":"(warn|error|fatal)"/);

  const second = await start();
  expect(second.lines).toHaveLength(1);
  await stop(second, 'SIGKILL');

  // What npm is told has to reach the product: npm waits for it, and ends as it does.
  const third = await start(['npm', 'start']);
  const api = await logIn(third.url, login);
  expect(await api.get(`/api/v1/clients/${id}/`, client)).toEqual({ id });
  expect(await stop(third, 'SIGTERM')).toBe(0);
});

test('the standalone process says which variable is wrong and exits with 78', async () => {
  const child = spawn(process.execPath, ['services/standalone'], {
    cwd: PROJECT,
    env: { ...process.env, CYBORGBACKUP_DATA_DIR: data, CYBORGBACKUP_LISTEN: 'nowhere' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  expect(child.exitCode).toBe(78);
  expect(said).toContain('CYBORGBACKUP_LISTEN: Give it as host:port');
});
