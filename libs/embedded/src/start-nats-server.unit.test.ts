import { createLogger } from '@cyborgbackup/kernel';
import { expect, test, vi } from 'vitest';
import { startNatsServer } from './start-nats-server.ts';

vi.mock('./find-executable.ts', () => ({ findExecutable: () => Promise.resolve(undefined) }));

test('startNatsServer says how to install nats-server when there is none', async () => {
  const starting = startNatsServer({
    dataDir: '/nonexistent',
    logger: createLogger('test', 'silent'),
    authorization: '',
  });
  await expect(starting).rejects.toThrow(/apt-get install -y nats-server/);
});
