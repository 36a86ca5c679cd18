import { AppError, createLogger, delay, type RequestContext, runInContext } from '@cyborgbackup/kernel';
import { startTestNats, type TestNats } from '@cyborgbackup/testkit';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { farewellCommands, greetingControllers, slow, wildcardController } from '../testing/greetings.ts';
import { createOwnTrust } from '../identity/call-trust.ts';
import { createNatsConnection } from '../connection/nats-connection.ts';
import { createRpcClient, type RpcClient } from './rpc-client.ts';
import { createRpcService, type RpcService } from './rpc-service.ts';

const silent = createLogger('test', 'silent');
const greeting = z.object({ text: z.string(), position: z.coerce.bigint() });
const nothing = z.void();

/** Of a process that may say which user acts, and that seals nothing: no key of a service `greetings` is known. */
const trust = createOwnTrust({ isShared: false });

const startService = (natsUrl: string, logger = silent): Promise<RpcService> =>
  createRpcService({
    natsUrl,
    trust,
    controllers: greetingControllers,
    queue: 'greetings',
    logger,
    concurrency: 2,
    drainMillis: 1_000,
  });
const startClient = (natsUrl: string): Promise<RpcClient> =>
  createRpcClient({ natsUrl, trust, name: 'tester', logger: silent });

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (answer) => expect.fail(`answered ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  );

describe('calls between services', () => {
  let nats: TestNats;
  let service: RpcService;
  let client: RpcClient;
  const logged: string[] = [];

  const greet = (name: string): Promise<unknown> => client.call('greetings.greet', { name }, { schema: greeting });

  beforeAll(async () => {
    nats = await startTestNats();
    service = await startService(nats.url, pino({ level: 'warn' }, { write: (line) => void logged.push(line) }));
    client = await startClient(nats.url);
  });
  afterAll(async () => {
    await client.close();
    await service.stop();
    await nats[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    logged.length = 0;
    slow.started = 0;
    slow.release = Promise.withResolvers();
  });
  afterEach(() => slow.release.resolve());

  it('are answered, bigints as decimal strings', async () => {
    expect(await greet('borg')).toEqual({ text: 'hello borg', position: 2n ** 60n });
    expect(await client.call('greetings.nothing', null, { schema: nothing })).toBeUndefined();
  });

  it('reach the right handler when two contracts of a service have calls of the same name', async () => {
    const { subject, output } = farewellCommands.greet;
    expect(await client.call(subject, { name: 'borg' }, { schema: output })).toBe('good-bye borg');
    expect(await greet('borg')).toMatchObject({ text: 'hello borg' });
    expect(await failureOf(client.call(subject, { name: 1 }, { schema: output }))).toMatchObject({
      code: 'validation',
      fields: { name: [expect.any(String)] },
    });
  });

  it('bring a handler’s error back with code, fields and details', async () => {
    const error = await failureOf(client.call('greetings.refuse', {}, { schema: nothing }));
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      code: 'conflict',
      message: 'It is in use.',
      fields: { name: ['taken'] },
      details: { users: [1, 2] },
    });
    expect(logged).toEqual([]);
  });

  it('hide an unexpected error from the caller and log it with its stack', async () => {
    const error = await failureOf(client.call('greetings.break', {}, { schema: nothing }));
    expect(error).toMatchObject({ code: 'internal', message: expect.not.stringContaining('secret') });
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(/greetings\.break.*secret internals|secret internals.*greetings\.break/);
    expect(logged[0]).toContain('greetings.ts');
  });

  it('validate the payload and name the fields', async () => {
    const error = await failureOf(
      client.call('greetings.greet', { name: '', nested: { age: 1.5 } }, { schema: greeting }),
    );
    expect(error).toMatchObject({
      code: 'validation',
      fields: { name: ['May not be blank.'], 'nested.age': ['Must be a whole number.'] },
    });
    expect(await failureOf(client.call('greetings.greet', undefined, { schema: greeting }))).toMatchObject({
      code: 'validation',
      fields: { __all__: [expect.any(String)] },
    });
  });

  it('carry the context to the handler, also past an await', async () => {
    const context: RequestContext = {
      actor: { kind: 'user', id: 'a user\r\nwith ü' },
      correlationId: 'c-1',
      causationId: 'c-2',
      sourceAddress: '192.0.2.7',
    };
    const received = runInContext(context, () => client.call('greetings.context', {}, { schema: z.unknown() }));
    expect(await received).toEqual(context);
    expect(await client.call('greetings.context', {}, { schema: z.unknown() })).toMatchObject({
      actor: { kind: 'system', id: 'tester' },
    });
  });

  it('end at their deadline', async () => {
    const call = client.call('greetings.slow', {}, { schema: z.string(), deadlineMillis: 50 });
    expect(await failureOf(call)).toMatchObject({ code: 'deadline', message: expect.stringContaining('50 ms') });
  });

  it('say which service is missing', async () => {
    const error = await failureOf(client.call('inventory.client.create', {}, { schema: nothing }));
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('inventory') });
  });

  it('refuse answers that do not fit', async () => {
    expect(await failureOf(client.call('greetings.greet', { name: 'x' }, { schema: z.number() }))).toMatchObject({
      code: 'internal',
    });
  });

  it('report an answer or a request that is too large to send', async () => {
    expect(await failureOf(client.call('greetings.huge', {}, { schema: z.string() }))).toMatchObject({
      code: 'internal',
    });
    const large = { name: 'x'.repeat(2_000_000) };
    expect(await failureOf(client.call('greetings.greet', large, { schema: greeting }))).toMatchObject({
      code: 'validation',
    });
  });

  it('survive malformed messages on a handler’s subject', async () => {
    const other = await createNatsConnection({ natsUrl: nats.url, name: 'vandal', logger: silent });
    const garbage = ['', 'not json', '{', 'null', '[]', '5', '{"data":{"name":"x"}}', '['.repeat(50_000)];
    for (const text of garbage) other.nats.publish('greetings.greet', text, { reply: '_INBOX.nowhere' });
    for (const header of ['', '{}', '[1']) {
      const headers = (await import('@nats-io/transport-node')).headers();
      headers.set('Cyborgbackup-Context', header);
      other.nats.publish('greetings.greet', '{"id":"1","data":{"name":"x"}}', { headers });
    }
    await other.close();
    expect(await greet('still here')).toMatchObject({ text: 'hello still here' });
    expect(logged).toHaveLength(garbage.length);
  });

  it('run no more at once than allowed, queue the next and refuse beyond', async () => {
    // Two run, 32 wait, one is too much.
    const call = (): Promise<string> => client.call('greetings.slow', {}, { schema: z.string() });
    const accepted = Array.from({ length: 34 }, call);
    expect(await failureOf(call())).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('overloaded'),
    });
    expect(slow.started).toBe(2);
    slow.release.resolve();
    expect(new Set(await Promise.all(accepted))).toEqual(new Set(['done']));
    expect(slow.started).toBe(34);
  });

  it('do not start a request whose sender has given up', async () => {
    const running = Array.from({ length: 2 }, () => client.call('greetings.slow', {}, { schema: z.string() }));
    await vi.waitFor(() => expect(slow.started).toBe(2));
    const impatient = client.call('greetings.slow', {}, { schema: z.string(), deadlineMillis: 100 });
    expect(await failureOf(impatient)).toMatchObject({ code: 'deadline' });
    // The server counts from when it got the request, which is a little later.
    await delay(500);
    slow.release.resolve();
    await Promise.all(running);
    await greet('somebody');
    expect(slow.started).toBe(2);
  });
});

describe('when NATS goes away', () => {
  it('calls wait for it, and work again with the same service and client', async () => {
    await using nats = await startTestNats();
    const service = await startService(nats.url);
    const client = await startClient(nats.url);
    try {
      await nats.kill();
      await vi.waitFor(() => expect([service.isReady(), client.isReady()]).toEqual([false, false]));
      const early = client.call('greetings.nothing', {}, { schema: nothing, deadlineMillis: 50 });
      expect(await failureOf(early)).toMatchObject({ code: 'unavailable', message: expect.stringContaining('NATS') });
      const waiting = client.call(
        'greetings.greet',
        { name: 'patience' },
        { schema: greeting, deadlineMillis: 20_000 },
      );
      await nats.restart();
      expect(await waiting).toMatchObject({ text: 'hello patience' });
    } finally {
      await client.close();
      await service.stop();
    }
  });

  it('starting without it fails with what to check', async () => {
    const settings = { natsUrl: 'nats://s3cret@127.0.0.1:1', name: 'x', logger: silent, connectMillis: 100 };
    const error = await failureOf(createNatsConnection(settings));
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('127.0.0.1:1') });
    expect(JSON.stringify(error) + String(error)).not.toContain('s3cret');
  });

  it('refused credentials are said to be', async () => {
    await using nats = await startTestNats();
    const { host } = new URL(nats.url);
    const settings = { natsUrl: `nats://wrong@${host}`, name: 'x', logger: silent };
    expect(await failureOf(createNatsConnection(settings))).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('credentials'),
    });
  });
});

describe('starting a service', () => {
  it('fails, and leaves nothing open, when a subject is not plain', async () => {
    await using nats = await startTestNats();
    const controllers = [...greetingControllers, wildcardController];
    const starting = createRpcService({ natsUrl: nats.url, controllers, queue: 'broken', logger: silent });
    expect(await failureOf(starting)).toMatchObject({ message: expect.stringContaining('plain subject') });
    const watcher = await createNatsConnection({ natsUrl: nats.url, name: 'watcher', logger: silent });
    const reached = await failureOf(watcher.nats.request('greetings.nothing', '{}', { timeout: 500 }));
    expect(reached).toMatchObject({ message: expect.stringContaining('no responders') });
    await watcher.close();
  });
});

describe('stopping a service', () => {
  let nats: TestNats;
  beforeAll(async () => void (nats = await startTestNats()));
  afterAll(() => nats[Symbol.asyncDispose]());

  it('answers what is in flight and takes nothing new', async () => {
    slow.started = 0;
    slow.release = Promise.withResolvers();
    const service = await startService(nats.url);
    const client = await startClient(nats.url);
    const inFlight = Array.from({ length: 5 }, () => client.call('greetings.slow', {}, { schema: z.string() }));
    await vi.waitFor(() => expect(slow.started).toBe(2));
    const stopped = service.stop();
    const refused = (): Promise<void> =>
      expect(client.call('greetings.nothing', {}, { schema: nothing, deadlineMillis: 50 })).rejects.toMatchObject({
        code: 'unavailable',
      });
    await vi.waitFor(refused);
    slow.release.resolve();
    expect(await Promise.all(inFlight)).toEqual(Array.from({ length: 5 }, () => 'done'));
    await stopped;
    await client.close();
  });

  it('takes no time when idle, and a bounded time when a handler hangs', async () => {
    const idle = await startService(nats.url);
    const start = performance.now();
    await idle.stop();
    expect(performance.now() - start).toBeLessThan(500);

    slow.started = 0;
    slow.release = Promise.withResolvers();
    const busy = await startService(nats.url);
    const client = await startClient(nats.url);
    const lost = failureOf(client.call('greetings.slow', {}, { schema: z.string(), deadlineMillis: 2_000 }));
    await vi.waitFor(() => expect(slow.started).toBe(1));
    await busy.stop();
    await client.close();
    expect(await lost).toMatchObject({ code: 'deadline' });
    slow.release.resolve();
  });
});
