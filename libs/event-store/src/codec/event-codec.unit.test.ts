import {
  defineEvent,
  ERASED,
  type EventDefinition,
  type RecordedEvent,
  type RequestContext,
} from '@cyborgbackup/kernel';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createFakeSubjectKeys } from '../testing/fake-subject-keys.ts';
import { isEncrypted } from '../crypto/subject-keys.ts';
import { createEventCodec, type EventCodec } from './event-codec.ts';

const sealed = z.union([z.string(), z.custom(isEncrypted)]);

const userRegistered = defineEvent({
  type: 'user-registered',
  version: 3,
  schema: z.object({ uuid: z.string(), email: z.string(), phone: z.string().nullish(), password: sealed.nullish() }),
  personal: { subject: (data: { uuid: string }) => `user-${data.uuid}`, fields: ['email', 'phone'] },
  sealed: { subject: (data: { uuid: string }) => `user-${data.uuid}`, fields: ['password'] },
  upcasters: {
    1: (data: { mail: unknown }) => ({ ...data, email: data.mail }),
    2: ({ mail: _, ...data }: { mail: unknown }) => ({ ...data, phone: null }),
  },
});

const context: RequestContext = {
  actor: { kind: 'user', id: 'u1' },
  correlationId: 'c1',
  causationId: 'c2',
  sourceAddress: '192.0.2.7',
};
const id = '3f0e1c1e-5b0c-4a39-8a41-1d5f3c9f7a10';
const data = { uuid: 'u7', email: 'zoe@example.org', phone: null, password: 'hunter2' };

const setUp = (definitions: EventDefinition[] = [userRegistered]) => {
  const keys = createFakeSubjectKeys();
  return { keys, codec: createEventCodec({ definitions, keys }) };
};

const encode = (codec: EventCodec, eventData: unknown = data) =>
  codec.encode({ type: 'user-registered', data: eventData }, { id, context });

const record = (event: Awaited<ReturnType<typeof encode>>): RecordedEvent => ({
  ...event,
  stream: 'user-u7',
  version: 1,
  position: 1n,
  hash: '',
});

describe('encode', () => {
  it('stores no personal or secret text', async () => {
    const { codec } = setUp();
    const event = await encode(codec);
    expect(event).toMatchObject({ id, type: 'user-registered', schemaVersion: 3, data: { uuid: 'u7', phone: null } });
    const stored = JSON.stringify(event);
    for (const text of ['zoe', 'hunter2', '192.0.2.7']) expect(stored).not.toContain(text);
    expect(isEncrypted((event.data as typeof data).password)).toBe(true);
  });

  it('records who, why and from where', async () => {
    const { codec, keys } = setUp();
    const { metadata } = await encode(codec);
    expect(metadata).toMatchObject({ actor: context.actor, correlationId: 'c1', causationId: 'c2' });
    expect(metadata.occurredAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(metadata.sourceAddress?.$encrypted.subject).toBe('address-user-u1');
    expect(await keys.open(metadata.sourceAddress!)).toBe('192.0.2.7');
  });

  it('encrypts the address of an unknown caller under a subject of its own', async () => {
    const { codec } = setUp();
    const anonymous = { ...context, actor: { kind: 'system', id: 'gateway' } } as const;
    const { metadata } = await codec.encode({ type: 'user-registered', data }, { id, context: anonymous });
    expect(metadata.sourceAddress?.$encrypted.subject).toBe('anonymous');
  });

  it('stores a sealed value that was copied from an earlier event as it is', async () => {
    const { codec, keys } = setUp();
    const password = await keys.seal('repository-1', 'secret');
    expect((await encode(codec, { ...data, password })).data).toMatchObject({ password });
  });

  it('refuses what does not match, without quoting it', async () => {
    const { codec } = setUp();
    const bad = encode(codec, { ...data, password: 42, email: undefined });
    await expect(bad).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('email') });
    await expect(bad).rejects.not.toThrow(/hunter2|zoe/);
    await expect(codec.encode({ type: 'unknown', data }, { id, context })).rejects.toThrow(/no definition/);
  });
});

describe('decode', () => {
  it('opens personal fields and leaves secrets sealed', async () => {
    const { codec, keys } = setUp();
    const decoded = await codec.decode(record(await encode(codec)));
    expect(decoded.data).toMatchObject({ uuid: 'u7', email: 'zoe@example.org', phone: null });
    const { password } = decoded.data as { password: never };
    expect(await keys.open(password)).toBe('hunter2');
  });

  it('reads an erased subject as such', async () => {
    const { codec, keys } = setUp();
    const event = record(await encode(codec, { ...data, phone: '123' }));
    await keys.erase('user-u7');
    expect((await codec.decode(event)).data).toMatchObject({ email: ERASED, phone: ERASED });
  });

  it('upcasts the stored form to the current version, then opens it', async () => {
    const { codec, keys } = setUp();
    const old = record({
      ...(await encode(codec)),
      schemaVersion: 1,
      data: { uuid: 'u7', mail: await keys.seal('user-u7', 'a@b') },
    });
    expect(await codec.decode(old)).toMatchObject({
      schemaVersion: 3,
      data: { uuid: 'u7', email: 'a@b', phone: null },
    });
  });

  it('reads what a newer program wrote as far as it can', async () => {
    const { codec } = setUp();
    const event = record(await encode(codec));
    const newer = { ...event, schemaVersion: 4, data: { ...(event.data as object), extra: 1 } };
    expect(await codec.decode(newer)).toMatchObject({ schemaVersion: 4, data: { email: 'zoe@example.org', extra: 1 } });
  });

  it('leaves types it does not know alone', async () => {
    const { codec } = setUp();
    const event = { ...record(await encode(codec)), type: 'unknown' };
    expect(await codec.decode(event)).toBe(event);
  });

  it('fails for a missing upcaster', async () => {
    const { codec } = setUp([{ ...userRegistered, version: 5 }]);
    await expect(codec.decode({ ...record(await encode(codec)), schemaVersion: 3 })).rejects.toThrow(
      /no upcaster from version 3/,
    );
  });

  it('keeps the order of a page', async () => {
    const { codec } = setUp();
    const event = record(await encode(codec));
    const page = Array.from({ length: 20 }, (_, n) => ({ ...event, version: n, type: n % 2 ? event.type : 'unknown' }));
    expect((await codec.decodePage(page)).map(({ version }) => version)).toEqual(page.map(({ version }) => version));
  });
});

it('does not store what is usual, and hands it to every reader', async () => {
  const usual = { warnings: [], archive: null };
  const schema = z.object({ job: z.string(), warnings: z.array(z.string()), archive: z.string().nullable() });
  const { codec } = setUp([defineEvent({ type: 'job-done', schema, usual })]);
  const stored = async (more: object): Promise<unknown[]> => {
    const event = await codec.encode({ type: 'job-done', data: { job: 'j', ...usual, ...more } }, { id, context });
    return [event.data, (await codec.decode(record(event))).data];
  };
  expect(await stored({})).toEqual([{ job: 'j' }, { job: 'j', ...usual }]);
  const unusual = { warnings: ['w'], archive: 'a' };
  expect(await stored(unusual)).toEqual([
    { job: 'j', ...unusual },
    { job: 'j', ...unusual },
  ]);
});
