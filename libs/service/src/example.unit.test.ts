import { afterEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { runService, standardChecks } from './index.ts';

/** Quoted in README.md. */
const main = (): Promise<void> =>
  runService({
    name: 'greeter',
    purpose: 'Greets those who call.',
    config: { GREETING: z.string().default('hello').describe('What it says') },
    healthListen: '127.0.0.1:8109',
    start: async (deps, config) => {
      deps.logger.info({ greeting: config.GREETING }, 'greeting');
      return { checks: () => standardChecks(deps), stop: async () => undefined };
    },
  });

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('the example of the README describes its variables and those of all services', async () => {
  vi.stubGlobal('process', Object.assign(Object.create(process), { argv: ['node', 'main.ts', '--help'] }));
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await main();
  const help = write.mock.calls.join('');
  for (const text of ['Greets those who call.', 'GREETING', 'DATABASE_URL', 'CYBORGBACKUP_HEALTH_LISTEN']) {
    expect(help).toContain(text);
  }
});
