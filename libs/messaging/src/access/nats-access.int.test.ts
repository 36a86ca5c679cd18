import { createLogger, SERVICE_NAMES, type ServiceName } from '@cyborgbackup/kernel';
import { startTestNats, type TestNats } from '@cyborgbackup/testkit';
import { createInbox, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createNatsConnection, type Connection } from '../connection/nats-connection.ts';
import { serviceIdentity } from '../identity/service-identity.ts';
import { serviceAccess } from './service-access.ts';
import { prepareJobQueue } from '../jobs/job-queue.ts';

const logger = createLogger('test', 'silent');

let nats: TestNats;
const open: Connection[] = [];

beforeAll(async () => void (nats = await startTestNats()));
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close();
});
afterAll(() => nats[Symbol.asyncDispose]());

/** A session with the credentials of one service, as whoever took over its container has them. */
const sessionOf = async (name: ServiceName | 'prepare'): Promise<NatsConnection> => {
  const { NATS_URL, CYBORGBACKUP_SERVICE_SECRET } = nats.environmentOf(name);
  const url = new URL(NATS_URL);
  url.username = serviceIdentity(CYBORGBACKUP_SERVICE_SECRET).natsSeed;
  const connection = await createNatsConnection({ natsUrl: url.href, name, logger });
  open.push(connection);
  return connection.nats;
};

/** Whether the server takes the subscription. */
const maySubscribe = async (session: NatsConnection, subject: string): Promise<boolean> => {
  let refused = false;
  const subscription = session.subscribe(subject, { callback: (error) => void (refused ||= error !== null) });
  await session.flush();
  subscription.unsubscribe();
  return !refused;
};

/** Whether anything that is published arrives with a user that hears everything. */
const mayPublish = async (session: NatsConnection, subject: string): Promise<boolean> => {
  const all = await createNatsConnection({ natsUrl: nats.url, name: 'all', logger });
  try {
    let heard = false;
    all.nats.subscribe('>', { callback: (_error, message) => void (heard ||= message.subject === subject) });
    await all.nats.flush();
    session.publish(subject, '{}');
    await session.flush();
    await all.nats.flush();
    return heard;
  } finally {
    await all.close();
  }
};

describe('a session with the credentials of one service', () => {
  it.each(SERVICE_NAMES)(
    'of the %s cannot listen to everything, to other inboxes or to what others are asked',
    async (name) => {
      const session = await sessionOf(name);
      const others = SERVICE_NAMES.filter((other) => other !== name);
      const subjects = [
        '>',
        '*.>',
        '_INBOX.>',
        'inventory.>',
        '$JS.>',
        'jobs.work',
        ...others.map((other) => `_INBOX.${other}.>`),
        ...(name === 'inventory' ? [] : ['inventory.repository.register']),
      ];
      for (const subject of subjects) expect(await maySubscribe(session, subject), subject).toBe(false);
      expect(await maySubscribe(session, `_INBOX.${name}.>`)).toBe(true);
    },
  );

  it.each(SERVICE_NAMES.filter((name) => name !== 'gateway'))('of the %s cannot register a superuser', async (name) => {
    expect(await mayPublish(await sessionOf(name), 'inventory.user.register')).toBe(false);
    expect(await mayPublish(await sessionOf(name), 'scheduler.policy.launch')).toBe(false);
  });

  it.each(SERVICE_NAMES.filter((name) => name !== 'scheduler'))('of the %s cannot queue a job', async (name) => {
    expect(await mayPublish(await sessionOf(name), 'jobs.work')).toBe(false);
  });

  it.each(SERVICE_NAMES)('of the %s cannot answer those who do not call it', async (name) => {
    const session = await sessionOf(name);
    const { publish } = serviceAccess(name);
    for (const other of SERVICE_NAMES.filter((each) => !publish.includes(`_INBOX.${each}.>`))) {
      expect(await mayPublish(session, createInbox(`_INBOX.${other}`)), other).toBe(false);
    }
  });

  it.each(SERVICE_NAMES)('of the %s cannot make a stream that copies what others say', async (name) => {
    const session = await sessionOf(name);
    const tap = JSON.stringify({ name: 'TAP', subjects: ['inventory.>'], storage: 'memory' });
    await expect(session.request('$JS.API.STREAM.CREATE.TAP', tap, { timeout: 2_000 })).rejects.toThrow(/permissions/i);
    await expect(session.request('$JS.API.STREAM.UPDATE.JOBS', tap, { timeout: 2_000 })).rejects.toThrow(
      /permissions/i,
    );
  });

  it.each(SERVICE_NAMES)(
    'of the %s gains no right by a message to itself that wants its answer elsewhere',
    async (name) => {
      const session = await sessionOf(name);
      const { publish, subscribe } = serviceAccess(name);
      for (const subject of publish.filter((each) => subscribe.includes(each))) {
        const target = '$JS.API.STREAM.CREATE.TAP';
        const heard = new Promise<void>((resolve) => session.subscribe(subject, { callback: () => resolve() }));
        session.publish(subject, '{}', { reply: target });
        await heard;
        expect(await mayPublish(session, target), subject).toBe(false);
      }
    },
  );

  it('may do what it is there for: each is answered, and no other', async () => {
    const inventory = await sessionOf('inventory');
    inventory.subscribe('inventory.user.register', { callback: (_error, message) => void message.respond('hello') });
    await inventory.flush();
    const answer = await (await sessionOf('gateway')).request('inventory.user.register', '{}', { timeout: 2_000 });
    expect(answer.string()).toBe('hello');
    await expect((await sessionOf('executor')).request('inventory.user.register', '{}')).rejects.toThrow(
      /permissions/i,
    );
  });
});

it('the streams of the job queue are made by the credentials of prepare, and by no others', async () => {
  await sessionOf('prepare');
  await prepareJobQueue(open[0]!);
  await sessionOf('executor');
  await expect(prepareJobQueue(open[1]!)).rejects.toThrow(/out of order/);
});
