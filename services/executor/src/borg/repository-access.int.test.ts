import { createLogger, delay } from '@cyborgbackup/kernel';
import { createNatsConnection, type Connection } from '@cyborgbackup/messaging';
import { startTestNats, type TestNats } from '@cyborgbackup/testkit';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRepositoryAccess, withWriteAccess, type RepositoryAccess } from './repository-access.ts';

describe('a download', () => {
  let nats: TestNats;
  let here: Connection;
  let there: Connection;
  let repositoryAccess: RepositoryAccess;
  const FINISH_MILLIS = 200;

  beforeAll(async () => {
    nats = await startTestNats();
    const logger = createLogger('test', 'silent');
    here = await createNatsConnection({ natsUrl: nats.url, name: 'here', logger });
    there = await createNatsConnection({ natsUrl: nats.url, name: 'there', logger });
    repositoryAccess = createRepositoryAccess(here, FINISH_MILLIS);
    await here.nats.flush();
  });
  afterAll(async () => {
    repositoryAccess.close();
    await here.close();
    await there.close();
    await nats[Symbol.asyncDispose]();
  });

  it('a download is aborted for a writer of its repository, after some time to finish, and no other one begins', async () => {
    const [wanted, other] = [randomUUID(), randomUUID()];
    const startedAt = Date.now();
    const written = Promise.withResolvers<void>();
    let write = Promise.resolve();
    const withReadAccess = repositoryAccess.withReadAccess(wanted, async (signal) => {
      write = withWriteAccess(there, wanted, () => written.promise);
      await once(signal, 'abort');
      return signal.reason as unknown;
    });
    expect(await withReadAccess).toMatchObject({ code: 'unavailable' });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(FINISH_MILLIS - 1);
    const again = (): Promise<string> => repositoryAccess.withReadAccess(wanted, () => Promise.resolve('read'));
    await expect(again()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await repositoryAccess.withReadAccess(other, () => Promise.resolve('read'))).toBe('read');
    written.resolve();
    await write;
    await there.nats.flush();
    await here.nats.flush();
    expect(await again()).toBe('read');
  });

  it('a download continues when the writer ends first', async () => {
    const repository = randomUUID();
    const isAborted = await repositoryAccess.withReadAccess(repository, async (signal) => {
      await withWriteAccess(there, repository, () => there.nats.flush());
      await delay(FINISH_MILLIS + 100);
      return signal.aborted;
    });
    expect(isAborted).toBe(false);
  });
});
