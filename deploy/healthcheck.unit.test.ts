import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const exitCode = (env: Record<string, string>): Promise<number | null> =>
  new Promise((resolve) => {
    const script = join(import.meta.dirname, 'healthcheck.mjs');
    execFile(process.execPath, [script], { env }, () => undefined).once('exit', resolve);
  });

/** Listens on a free port, answering with `status`; without one it only finds a port where nothing listens. */
const serve = async (status?: number): Promise<{ address: string; close: () => Promise<unknown> }> => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/healthz' ? (status ?? 500) : 404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<unknown> => new Promise((resolve) => server.close(resolve));
  const address = `0.0.0.0:${(server.address() as AddressInfo).port}`;
  if (status === undefined) await close();
  return { address, close };
};

test.each([
  [200, 0],
  [503, 1],
])('a role whose /healthz answers %i makes it exit %i, on either port', async (status, code) => {
  const [answering, silent] = await Promise.all([serve(status), serve()]);
  const [a, b] = [answering.address, silent.address];
  expect(await exitCode({ CYBORGBACKUP_LISTEN: a, CYBORGBACKUP_HEALTH_LISTEN: b })).toBe(code);
  expect(await exitCode({ CYBORGBACKUP_LISTEN: b, CYBORGBACKUP_HEALTH_LISTEN: a })).toBe(code);
  await answering.close();
});

test('the health check exits with 1 where nothing listens', async () => {
  expect(await exitCode({ CYBORGBACKUP_LISTEN: (await serve()).address })).toBe(1);
});
