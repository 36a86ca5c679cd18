import { defineRpc } from '@cyborgbackup/contracts';
import {
  createLogger,
  currentContext,
  runInContext,
  systemContext,
  type RequestContext,
  type ServiceName,
} from '@cyborgbackup/kernel';
import { startTestNats, type TestNats } from '@cyborgbackup/testkit';
import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { callersOf } from '../access/service-access.ts';
import { contextHeaders } from '../connection/context-header.ts';
import { createNatsConnection, type Connection } from '../connection/nats-connection.ts';
import { createServiceTrust } from '../identity/call-trust.ts';
import { createRpcClient, type RpcClient } from './rpc-client.ts';
import { rpcController } from './rpc-controller.ts';
import { createRpcService, type RpcService } from './rpc-service.ts';

const logger = createLogger('test', 'silent');
const commands = {
  register: defineRpc('inventory.user.register', z.object({ email: z.string() }), z.object({ actor: z.unknown() })),
  resolve: defineRpc('inventory.policy.resolve', z.object({}), z.object({ actor: z.unknown() })),
};
const { subject, output } = commands.register;
const user: RequestContext = { actor: { kind: 'user', id: 'root' }, correlationId: 'c', causationId: 'd' };

let nats: TestNats;
/** Reads and writes everything on the bus, as the administrator of the NATS server can. */
let spy: Connection;
let service: RpcService;
let gateway: RpcClient;
let scheduler: RpcClient;
const registered: string[] = [];
const overheard: Msg[] = [];

const trustOf = (name: ServiceName): ReturnType<typeof createServiceTrust> => {
  const { CYBORGBACKUP_SERVICE_SECRET, CYBORGBACKUP_SERVICE_KEYS } = nats.environmentOf(name);
  return createServiceTrust(CYBORGBACKUP_SERVICE_SECRET, CYBORGBACKUP_SERVICE_KEYS, callersOf);
};

beforeAll(async () => {
  nats = await startTestNats();
  const natsUrl = nats.url;
  spy = await createNatsConnection({ natsUrl, name: 'spy', logger });
  spy.nats.subscribe('>', { callback: (_error, message) => void overheard.push(message) });
  const controller = rpcController(commands, {
    register: async ({ email }) => {
      registered.push(email);
      return { actor: currentContext()?.actor };
    },
    resolve: async () => ({ actor: currentContext()?.actor }),
  });
  service = await createRpcService({
    ...{ natsUrl, queue: 'inventory', logger, controllers: [controller] },
    trust: trustOf('inventory'),
  });
  gateway = await createRpcClient({ natsUrl, name: 'gateway', logger, trust: trustOf('gateway') });
  scheduler = await createRpcClient({ natsUrl, name: 'scheduler', logger, trust: trustOf('scheduler') });
});
afterAll(async () => {
  await gateway.close();
  await scheduler.close();
  await service.stop();
  await spy.close();
  await nats[Symbol.asyncDispose]();
});

const register = (client: RpcClient, email: string): Promise<{ actor: unknown }> =>
  runInContext(user, () => client.call(subject, { email }, { schema: output }));

const forged = async (body: Uint8Array | string, sent: MsgHdrs): Promise<unknown> =>
  (await spy.nats.request(subject, body, { headers: sent, timeout: 2_000 })).json();

const envelope = (email: string): string => JSON.stringify({ pattern: subject, id: '1', data: { email } });
const refused = { err: { code: 'forbidden', message: expect.stringContaining('no signature that fits') } };

/** The seal itself proves who made the call: what is bound to it was changed. */
const notOpened = { err: { code: 'forbidden', message: expect.stringContaining('cannot be opened') } };

/** The gateway's own message of a call, as the spy heard it. */
const overhear = async (email: string): Promise<Msg> => {
  overheard.length = 0;
  await register(gateway, email);
  await spy.nats.flush();
  const heard = overheard.find((message) => message.subject === subject);
  if (!heard) throw new Error('The spy heard nothing');
  return heard;
};

const withHeader = (message: Msg, name: string, value: string): MsgHdrs => {
  const changed = headers();
  for (const [key, values] of message.headers ?? []) changed.set(key, values[0] ?? '');
  changed.set(name, value);
  return changed;
};

describe('who acts', () => {
  it('is believed when the gateway says it', async () => {
    expect((await register(gateway, 'a@example.com')).actor).toEqual(user.actor);
  });

  it('is the service itself when another one calls for a user', async () => {
    const { subject: resolve, output: schema } = commands.resolve;
    const answer = await runInContext(user, () => scheduler.call(resolve, {}, { schema }));
    expect(answer.actor).toEqual({ kind: 'system', id: 'scheduler' });
    await expect(register(scheduler, 'b@example.com')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('is not believed of a message without signature, or with the signature of another service', async () => {
    expect(await forged(envelope('evil@example.com'), contextHeaders(user))).toMatchObject(refused);
    expect(await forged(envelope('evil@example.com'), contextHeaders(systemContext('gateway')))).toMatchObject(refused);
    const { CYBORGBACKUP_SERVICE_SECRET, CYBORGBACKUP_SERVICE_KEYS } = nats.environmentOf('executor');
    const own = CYBORGBACKUP_SERVICE_KEYS.replace(/gateway=[^,]+/, (entry) => {
      const executor = /executor=([^,]+)/.exec(CYBORGBACKUP_SERVICE_KEYS)?.[1];
      return executor === undefined ? entry : `gateway=${executor}`;
    });
    const trust = createServiceTrust(CYBORGBACKUP_SERVICE_SECRET, own, callersOf);
    expect(trust.name).toBe('gateway');
    const liar = await createRpcClient({ natsUrl: nats.url, name: 'executor', logger, trust });
    await expect(register(liar, 'evil@example.com')).rejects.toMatchObject({ code: 'forbidden' });
    await liar.close();
    expect(registered).not.toContain('evil@example.com');
  });

  it('is not believed when the signature was made for another body, user, call or time', async () => {
    const heard = await overhear('c@example.com');
    const sealed = heard.data;
    expect(await forged(envelope('evil@example.com'), withHeader(heard, 'Cyborgbackup-Sealed', ''))).toMatchObject(
      refused,
    );
    const other = JSON.stringify({ ...user, actor: { kind: 'user', id: 'other' } });
    expect(await forged(sealed, withHeader(heard, 'Cyborgbackup-Context', other))).toMatchObject(notOpened);
    const later = String(Date.now() + 3_600_000);
    expect(await forged(sealed, withHeader(heard, 'Cyborgbackup-Expires', later))).toMatchObject(notOpened);
    expect(registered).not.toContain('evil@example.com');
  });

  it('is not believed once the signature has expired', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 10 * 60_000 });
    // Signed before the call first waits for anything.
    const call = register(gateway, 'd@example.com');
    vi.useRealTimers();
    await expect(call).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('expired') });
  });
});

describe('an answer', () => {
  it('is not sent where a caller has no right to publish', async () => {
    overheard.length = 0;
    const asked = { reply: 'inventory.user.register', headers: contextHeaders(user) };
    spy.nats.publish(commands.resolve.subject, envelope('evil@example.com'), asked);
    await register(gateway, 'e@example.com');
    await register(gateway, 'f@example.com');
    await spy.nats.flush();
    const answers = overheard.filter((message) => message.subject === 'inventory.user.register');
    expect(answers).toHaveLength(2);
    expect(answers.every(({ reply }) => reply?.startsWith('_INBOX.gateway.'))).toBe(true);
  });
});

it('is waited for where nobody can guess who knows where the one before was', async () => {
  overheard.length = 0;
  for (const email of ['g@example.com', 'h@example.com']) await register(gateway, email);
  await spy.nats.flush();
  const inboxes = overheard.flatMap(({ reply }) => (reply?.startsWith('_INBOX.gateway.') ? [reply] : []));
  const beginnings = new Set(inboxes.map((inbox) => inbox.split('.').at(-1)?.slice(0, 12)));
  expect([inboxes.length, beginnings.size]).toEqual([2, 2]);
});

describe('what is said', () => {
  it('can be read by nobody who listens to everything, neither the call nor its answer', async () => {
    overheard.length = 0;
    await register(gateway, 'secret@example.com');
    await spy.nats.flush();
    expect(overheard.length).toBeGreaterThanOrEqual(2);
    for (const message of overheard) {
      expect(Buffer.from(message.data).toString('latin1')).not.toMatch(/secret@example\.com|"kind"/);
    }
  });

  it('is not believed when it is an answer in clear to a sealed call', async () => {
    const liar = spy.nats.subscribe('catalog.archive.sample', {
      callback: (_error, message) => void message.respond(JSON.stringify({ id: '1', response: 'a lie' })),
    });
    await spy.nats.flush();
    const call = gateway.call('catalog.archive.sample', {}, { schema: z.string() });
    await expect(call).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('not believed') });
    liar.unsubscribe();
  });
});
