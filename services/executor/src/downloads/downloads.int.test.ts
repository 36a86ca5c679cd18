import { archiveContent, archiveContentRead, archiveReadsStream, type ContentRequest } from '@cyborgbackup/contracts';
import { runInContext, systemContext } from '@cyborgbackup/kernel';
import { openByteStream } from '@cyborgbackup/messaging';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBorgSite, type BorgSite } from '../testing/borg-site.test.ts';

let site: BorgSite;
const LARGE = 40 * 1024 * 1024;
const odd = Buffer.concat([Buffer.from('odd\n"\'$(x) \u{1f389} '), Buffer.from([0xff])]);
const job = randomUUID();
const noise = randomBytes(LARGE);

beforeAll(async () => {
  site = await startBorgSite();
  const source = join(site.folder, 'source');
  mkdirSync(join(source, 'folder'), { recursive: true });
  writeFileSync(join(source, 'small.txt'), '0123456789');
  writeFileSync(join(source, 'empty'), '');
  writeFileSync(join(source, 'noise.bin'), noise);
  writeFileSync(Buffer.concat([Buffer.from(`${source}/folder/`), odd]), 'odd one');
  writeFileSync(join(source, 'first'), 'linked');
  linkSync(join(source, 'first'), join(source, 'folder', 'second'));
  writeFileSync(join(source, 'sparse'), '');
  truncateSync(join(source, 'sparse'), 1024 * 1024);
  await site.borg(['create', '::archive', '.'], { cwd: source });
});
afterAll(() => site[Symbol.asyncDispose]());

const open = async (request: Partial<ContentRequest>, signal?: AbortSignal): Promise<Readable> => {
  const { body } = await openByteStream(site.parts.connection, {
    subject: archiveContent.subject,
    head: archiveContent.head,
    request: {
      job,
      archive: 'archive',
      repository: site.repository,
      kind: 'file',
      paths: ['small.txt'],
      size: null,
      range: null,
      ...request,
    },
    ...(signal ? { signal } : {}),
  });
  return body;
};

const readAll = async (body: Readable): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
};
const read = async (request: Partial<ContentRequest>): Promise<Buffer> => readAll(await open(request));
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  );

/** Process ids of borgs of this test that read an archive. */
const borgs = (): number[] =>
  readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SITE=${site.folder}`);
      return isOurs && command.some((word) => /\/borg$|^borg$/.test(word)) && command.includes('extract')
        ? [Number(pid)]
        : [];
    } catch {
      return [];
    }
  });

const until = async (what: string, isSo: () => boolean): Promise<void> => {
  const deadline = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`Not within ten seconds: ${what}`);
    await sleep(20);
  }
};

describe('a file out of an archive', () => {
  test('arrives whole', async () => {
    expect((await read({})).toString()).toBe('0123456789');
    expect((await read({ size: 10 })).toString()).toBe('0123456789');
    const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(hash(await read({ paths: ['noise.bin'], size: LARGE }))).toBe(hash(noise));
    expect(await read({ paths: ['empty'], size: 0 })).toHaveLength(0);
    expect(await read({ paths: ['sparse'], size: 1024 * 1024 })).toEqual(Buffer.alloc(1024 * 1024));
  });

  test('has any name', async () => {
    const path = `folder/odd\n"'$(x) \u{1f389} \udcff`;
    expect((await read({ paths: [path], size: 7 })).toString()).toBe('odd one');
  });

  test.each([
    [{ offset: 0, length: 1 }, '0'],
    [{ offset: 3, length: 4 }, '3456'],
    [{ offset: 9, length: 1 }, '9'],
  ])('arrives in part: %j', async (range, expected) => {
    expect((await read({ range, size: 10 })).toString()).toBe(expected);
  });

  test('arrives in part from the middle of a large one, without the rest being read', async () => {
    const range = { offset: 1_000_003, length: 2_000_000 };
    const part = await read({ paths: ['noise.bin'], range, size: LARGE });
    expect(part.equals(noise.subarray(range.offset, range.offset + range.length))).toBe(true);
  });

  test('is recorded with its reader, before the first byte', async () => {
    const reader = { ...systemContext('x'), actor: { kind: 'user' as const, id: randomUUID() } };
    const mine = randomUUID();
    await runInContext(reader, () => read({ job: mine, range: { offset: 1, length: 2 }, size: 10 }));
    const events = [];
    for await (const event of site.parts.store.readStream(archiveReadsStream(mine))) events.push(event);
    expect(events).toMatchObject([
      {
        type: archiveContentRead.type,
        metadata: { actor: reader.actor },
        data: { archive: 'archive', kind: 'file', paths: ['small.txt'], range: { offset: 1, length: 2 } },
      },
    ]);
  });
});

describe('what cannot be read is refused before the first byte', () => {
  test.each<[string, Partial<ContentRequest>, object]>([
    ['an archive that is gone', { archive: 'gone' }, { code: 'not-found' }],
    [
      'a path that is not there',
      { paths: ['nope'] },
      { code: 'unavailable', message: expect.stringMatching(/never matched/) },
    ],
  ])('%s', async (_name, request, expected) => {
    expect(await failureOf(open(request))).toMatchObject(expected);
  });

  test('a repository that is being written to', async () => {
    const held = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const holding = site.holdLock(async () => {
      held.resolve();
      await release.promise;
    });
    await held.promise;
    expect(await failureOf(open({}))).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/being written/),
    });
    release.resolve();
    await holding;
  });
});

describe('a transfer', () => {
  test('breaks when the size is not the catalog’s', async () => {
    expect(await failureOf(read({ size: 11 }))).toMatchObject({ message: expect.stringMatching(/has 10 bytes/) });
  });

  test('breaks when borg is killed midway', async () => {
    const body = await open({ paths: ['noise.bin'], size: LARGE });
    const [pid] = borgs();
    expect(pid).toBeDefined();
    process.kill(pid ?? 0, 'SIGKILL');
    expect(await failureOf(readAll(body))).toMatchObject({ code: 'unavailable' });
  });

  test('stops borg within five seconds when its reader goes away, and leaves no lock', async () => {
    const body = await open({ paths: ['noise.bin'], size: LARGE });
    expect(borgs()).not.toHaveLength(0);
    const goneAt = Date.now();
    body.destroy();
    await until('borg has ended', () => borgs().length === 0);
    expect(Date.now() - goneAt).toBeLessThan(5_000);
    await site.holdLock(() => Promise.resolve());
  });

  test('waits for a slow reader, with borg held back', async () => {
    const body = await open({ paths: ['noise.bin'], size: LARGE });
    // Nothing is read: borg fills the window and what lies before it, then waits.
    const before = process.memoryUsage().rss;
    await sleep(1_000);
    expect(borgs()).not.toHaveLength(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(30 * 1024 * 1024);
    expect(await readAll(body)).toHaveLength(LARGE);
  });
});
