import { archiveContent, archiveReadsStream, type ContentRequest } from '@cyborgbackup/contracts';
import { openByteStream } from '@cyborgbackup/messaging';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTarReader } from '../tar/tar-reader.ts';
import { startBorgSite, type BorgSite } from '../testing/borg-site.ts';

let site: BorgSite;
const LARGE = 40 * 1024 * 1024;
const odd = Buffer.concat([Buffer.from('odd\n"\'$(x) \u{1f389} '), Buffer.from([0xff])]);
const LONG = `${'x'.repeat(200)}/${'y'.repeat(150)}`;
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
  symlinkSync('../small.txt', join(source, 'folder', 'link'));
  writeFileSync(join(source, 'folder', 'script'), 'run');
  chmodSync(join(source, 'folder', 'script'), 0o751);
  execFileSync('mkfifo', [join(source, 'folder', 'pipe')]);
  mkdirSync(dirname(join(source, 'long', LONG)), { recursive: true });
  writeFileSync(join(source, 'long', LONG), 'long');
  await site.borg(['create', '::archive', '.'], { cwd: source });
  const read = { job, archive: 'archive', repository: site.repository.uuid, kind: 'tar', paths: [], range: null };
  await site.append(archiveReadsStream(job), { type: 'archive-content-read', data: read });
});
afterAll(() => site[Symbol.asyncDispose]());

const open = async (request: Partial<ContentRequest>, signal?: AbortSignal): Promise<Readable> => {
  const { body } = await openByteStream(site.deps.connection, {
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
      read: 1,
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
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`HOME=${site.folder}/executor`);
      return isOurs &&
        command.some((word) => /\/borg$|^borg$/.test(word)) &&
        ['extract', 'export-tar'].some((verb) => command.includes(verb))
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
  it('a downloaded file arrives whole', async () => {
    expect((await read({})).toString()).toBe('0123456789');
    expect((await read({ size: 10 })).toString()).toBe('0123456789');
    const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(hash(await read({ paths: ['noise.bin'], size: LARGE }))).toBe(hash(noise));
    expect(await read({ paths: ['empty'], size: 0 })).toHaveLength(0);
    expect(await read({ paths: ['sparse'], size: 1024 * 1024 })).toEqual(Buffer.alloc(1024 * 1024));
  });

  it("a client's files may have any name", async () => {
    const path = `folder/odd\n"'$(x) \u{1f389} \udcff`;
    expect((await read({ paths: [path], size: 7 })).toString()).toBe('odd one');
  });

  it.each([
    [{ offset: 0, length: 1 }, '0'],
    [{ offset: 3, length: 4 }, '3456'],
    [{ offset: 9, length: 1 }, '9'],
  ])('arrives in part: %j', async (range, expected) => {
    expect((await read({ range, size: 10 })).toString()).toBe(expected);
  });

  it('a part of a large file arrives without the rest being read', async () => {
    const range = { offset: 1_000_003, length: 2_000_000 };
    const part = await read({ paths: ['noise.bin'], range, size: LARGE });
    expect(part.equals(noise.subarray(range.offset, range.offset + range.length))).toBe(true);
  });
});

describe('a selection', () => {
  const names = (folder: string): string[] =>
    execFileSync('find', ['.', '-mindepth', '1'], { cwd: folder, encoding: 'latin1' }).split('\n./').toSorted();

  it('a selection arrives as a tar, with names as bytes, links and modes', async () => {
    const target = join(site.folder, 'tar');
    mkdirSync(target);
    const bytes = await read({ kind: 'tar', paths: ['folder', 'small.txt', 'first'] });
    execFileSync('tar', ['-x', '-C', target], { input: bytes });
    expect(names(join(target, 'folder'))).toEqual(names(join(site.folder, 'source', 'folder')));
    expect(readFileSync(Buffer.concat([Buffer.from(`${target}/folder/`), odd])).toString()).toBe('odd one');
    expect(statSync(join(target, 'first')).ino).toBe(statSync(join(target, 'folder', 'second')).ino);
    expect(readlinkSync(join(target, 'folder', 'link'))).toBe('../small.txt');
    expect(statSync(join(target, 'folder', 'script')).mode & 0o7777).toBe(0o751);
  });

  it('a selection arrives as a zip that other programs read', async () => {
    const file = join(site.folder, 'all.zip');
    writeFileSync(file, await read({ kind: 'zip', paths: [] }));
    const script = `import sys, json, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
rows = [[i.filename, i.file_size, i.external_attr >> 16, z.read(i)[:20].decode('latin1')] for i in z.infolist()]
print(json.dumps(rows + [z.comment.decode()]))`;
    const listed = JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' })) as unknown[];
    expect(listed).toEqual(
      expect.arrayContaining([
        ['folder/', 0, 0o040755, ''],
        ['folder/link', 12, 0o120777, '../small.txt'],
        ['folder/script', 3, 0o100751, 'run'],
        ['noise.bin', LARGE, 0o100644, noise.subarray(0, 20).toString('latin1')],
        ['empty', 0, 0o100644, ''],
        '1 devices and pipes were left out: a zip cannot hold them, a tar can.',
      ]),
    );
    // Whichever name borg met first has the content.
    const either = expect.stringMatching(/first|second/);
    expect(listed).toContainEqual([either, 6, 0o100644, 'linked']);
    expect(listed).toContainEqual([either, expect.any(Number), 0o120777, either]);
    expect(readFileSync(file).includes(odd)).toBe(true);
    const target = join(site.folder, 'unzipped');
    execFileSync('unzip', ['-q', file, '-d', target], { env: { ...process.env, TZ: 'Asia/Tokyo' } });
    const { mtimeMs } = statSync(join(site.folder, 'source', 'small.txt'));
    expect(statSync(join(target, 'small.txt')).mtimeMs).toBe(Math.floor(mtimeMs / 1000) * 1000);
    expect(readFileSync(join(target, 'folder', 'second')).toString()).toBe('linked');
  });

  it.each(['tar', 'zip'] as const)('fails as a %s when borg is killed midway', async (kind) => {
    const body = await open({ kind, paths: ['noise.bin'] });
    const [pid] = borgs();
    process.kill(pid!, 'SIGKILL');
    expect(await failureOf(readAll(body))).toMatchObject({ code: 'unavailable' });
  });

  it.each(['tar', 'zip'] as const)('is not a complete %s when a file is missing', async (kind) => {
    const failure = await failureOf(read({ kind, paths: ['small.txt', 'nope'] }));
    expect(failure).toMatchObject({ message: expect.stringMatching(/never matched/) });
  });

  it('a tar may be split into chunks at any byte', async () => {
    const bytes = await read({ kind: 'tar', paths: ['folder', 'small.txt', 'long'] });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1 }), async (cuts) => {
        const found: [string, string][] = [];
        const reader = createTarReader({
          begin: (header) => Promise.resolve(void found.push([header.name.toString('latin1'), ''])),
          data: (chunk) => {
            const last = found.at(-1);
            if (last) last[1] += chunk.toString('latin1');
            return Promise.resolve();
          },
          end: () => Promise.resolve(),
        });
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const length = cuts[turn % cuts.length] ?? 1;
          await reader.push(bytes.subarray(at, at + length));
          at += length;
        }
        expect(reader.isComplete()).toBe(true);
        expect(found).toEqual(
          expect.arrayContaining([
            ['small.txt', '0123456789'],
            [`folder/${odd.toString('latin1')}`, 'odd one'],
            [`long/${LONG}`, 'long'],
          ]),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('a download is refused before the first byte', () => {
  it.each<[string, Partial<ContentRequest>, object]>([
    ['an archive that is gone', { archive: 'gone' }, { code: 'not-found' }],
    [
      'a path that is not there',
      { paths: ['nope'] },
      { code: 'unavailable', message: expect.stringMatching(/never matched/) },
    ],
  ])('for %s', async (_name, request, expected) => {
    expect(await failureOf(open(request))).toMatchObject(expected);
  });

  it('is refused for a repository that is being written to', async () => {
    const held = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const holding = site.holdLock(async () => {
      held.resolve();
      await release.promise;
    });
    await held.promise;
    expect(await failureOf(open({}))).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/locked by process \d+/),
    });
    release.resolve();
    await holding;
  });
});

describe('a transfer', () => {
  it("fails when the size is not the catalog's", async () => {
    expect(await failureOf(read({ size: 11 }))).toMatchObject({ message: expect.stringMatching(/has 10 bytes/) });
  });

  it('fails when borg is killed midway', async () => {
    const body = await open({ paths: ['noise.bin'], size: LARGE });
    const [pid] = borgs();
    process.kill(pid!, 'SIGKILL');
    expect(await failureOf(readAll(body))).toMatchObject({ code: 'unavailable' });
  });

  it('a download stops borg within five seconds when its reader goes away, and leaves no lock', async () => {
    const body = await open({ paths: ['noise.bin'], size: LARGE });
    expect(borgs()).not.toHaveLength(0);
    const goneAt = Date.now();
    body.destroy();
    await until('borg has ended', () => borgs().length === 0);
    expect(Date.now() - goneAt).toBeLessThan(5_000);
    await site.holdLock(() => Promise.resolve());
  });

  it('a download waits for a slow reader, with borg held back', async () => {
    const body = await open({ paths: ['noise.bin'], size: LARGE });
    // Nothing is read: borg fills the window and the pipes before it, then waits.
    const [pid = 0] = borgs();
    const written = (): number => Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
    let before = -1;
    while (before !== written()) {
      before = written();
      await sleep(200);
    }
    expect(before).toBeLessThan(LARGE / 2);
    expect(borgs()).toContain(pid);
    expect((await readAll(body)).equals(noise)).toBe(true);
  });
});
