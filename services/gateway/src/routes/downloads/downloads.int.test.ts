import { archiveContent, type ContentRequest } from '@cyborgbackup/contracts';
import { AppError, currentContext } from '@cyborgbackup/kernel';
import { serveByteStreams, type ByteSink, type ByteStreamServer } from '@cyborgbackup/messaging';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { basic, startTestGateway, USER, ADMIN, type TestGateway } from '../../testing/test-gateway.ts';

const job = randomUUID();
const gone = randomUUID();
const damaged = randomUUID();
const repository = { id: 3, uuid: randomUUID(), name: 'Main', path: 'root@backup:/srv/borg' };
const content = randomBytes(3 * 1024 * 1024);
const BASE = 1_000;
const ODD = Buffer.from([0x6f, 0x64, 0x64, 0xff]);

describe('downloads', () => {
  let gateway: TestGateway;
  let server: ByteStreamServer;
  let asked: ContentRequest[] = [];
  let actors: unknown[] = [];
  let send: (request: ContentRequest, sink: ByteSink) => Promise<void>;

  const sendAll = async ({ range }: ContentRequest, sink: ByteSink): Promise<void> => {
    sink.start({});
    const from = range?.offset ?? 0;
    await sink.write(content.subarray(from, from + (range?.length ?? content.length)));
  };

  const file = async (
    number: number,
    name: string,
    { raw = null, ...changes }: Record<string, unknown> = {},
  ): Promise<void> => {
    await gateway.insert('catalog.entry_names', { id: number, name, raw });
    await gateway.insert('catalog.entries', {
      series_id: 1,
      number,
      folder_id: 1,
      name_id: number,
      attributes_id: 1,
      first_archive: 1,
      last_archive: 2_147_483_647,
      size: content.length,
      mtime: '2026-01-02T03:04:05Z',
      ...changes,
    });
  };

  beforeAll(async () => {
    gateway = await startTestGateway();
    const common = { series_id: 1, sequence: 1, complete: true, repository_uuid: repository.uuid };
    await gateway.insert('inventory.repositories', { ...repository, repository_key: {} });
    await gateway.insert('catalog.archives', {
      ...common,
      job_uuid: job,
      archive_name: 'a b',
      id_base: BASE,
      next_number: 100,
    });
    await gateway.insert('catalog.archives', {
      ...common,
      job_uuid: gone,
      archive_name: 'gone',
      series_id: 2,
      id_base: 5_000,
      removed: true,
    });
    await gateway.insert('catalog.entry_attributes', { id: 1, mode: '-rw-r--r--', type: '-' });
    await gateway.insert('catalog.entry_attributes', { id: 2, mode: 'drwxr-xr-x', type: 'd' });
    await gateway.insert('catalog.entry_attributes', { id: 3, mode: 'hrw-r--r--', type: '-' });
    await gateway.insert('catalog.folders', { series_id: 1, id: 1, path: 'etc/', parent_id: 2 });
    await gateway.insert('catalog.folders', { series_id: 1, id: 2, path: '' });
    await file(1, 'Größe "1".pdf');
    await file(2, 'odd\ufffd', { raw: ODD.toString('base64') });
    await file(3, 'linked', { attributes_id: 3, size: 0, target: 'etc/Größe "1".pdf' });
    await file(4, 'etc', { attributes_id: 2, size: 0, folder_id: 2 });
    await file(5, 'broken');
    await gateway.insert('catalog.archives', { ...common, job_uuid: damaged, archive_name: 'damaged', id_base: 3_000 });
    for (const found_by of ['check', 'listing']) {
      await gateway.insert('catalog.broken_entries', { job_uuid: damaged, number: 5, found_by });
    }
    server = serveByteStreams(gateway.deps.connection, {
      subject: archiveContent.subject,
      schema: archiveContent.input,
      concurrency: 4,
      handler: async (request, sink) => {
        asked.push(request);
        actors.push(currentContext()?.actor);
        await send(request, sink);
      },
    });
    gateway.services.on('inventory.secret.record-content-read', () => ({ read: 7 }));
    await gateway.deps.connection.nats.flush();
  });
  afterAll(async () => {
    await server.stop();
    await gateway[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    asked = [];
    actors = [];
    send = sendAll;
  });

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(`${gateway.url}/api/v1/${path}`, { method, headers: { Authorization: basic(ADMIN), ...headers } });
  const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

  describe('of one file', () => {
    test('downloads a file with its name, type and length, and records the reader', async () => {
      const response = await get(`catalogs/${BASE + 1}/content/`);
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'application/pdf',
        'content-length': String(content.length),
        'content-disposition': `attachment; filename="Gr__e _1_.pdf"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.pdf`,
        'accept-ranges': 'bytes',
        'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT',
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
      });
      expect((await bytesOf(response)).equals(content)).toBe(true);
      expect(asked).toEqual([
        {
          job,
          archive: 'a b',
          repository,
          kind: 'file',
          paths: ['etc/Größe "1".pdf'],
          size: content.length,
          range: null,
          read: 7,
        },
      ]);
      expect(gateway.services.calls('inventory.secret.record-content-read').at(-1)).toEqual({
        ...{ job, archive: 'a b', repository: repository.uuid },
        ...{ kind: 'file', paths: ['etc/Größe "1".pdf'], range: null },
      });
      expect(actors).toMatchObject([{ kind: 'user' }]);
    });

    test('requests the path of a file by its bytes', async () => {
      const response = await get(`catalogs/${BASE + 2}/content/`);
      expect(response.headers.get('content-type')).toBe('application/octet-stream');
      await bytesOf(response);
      expect(asked[0]?.paths).toEqual(['etc/odd\udcff']);
    });

    test('downloads a further hard link from the first one', async () => {
      const response = await get(`catalogs/${BASE + 3}/content/`);
      expect(response.headers.get('content-length')).toBe(String(content.length));
      expect(response.headers.get('content-disposition')).toBe('attachment; filename="linked"');
      await bytesOf(response);
      expect(asked[0]?.paths).toEqual(['etc/Größe "1".pdf']);
    });

    test.each([
      ['bytes=0-9', 'bytes 0-9', 0, 10],
      ['bytes=1000000-', `bytes 1000000-${content.length - 1}`, 1_000_000, content.length - 1_000_000],
      ['bytes=-5', `bytes ${content.length - 5}-${content.length - 1}`, content.length - 5, 5],
    ])('downloads a part of a file for %s', async (range, expected, offset, length) => {
      const response = await get(`catalogs/${BASE + 1}/content/`, { Range: range });
      expect(response.status).toBe(206);
      expect(response.headers.get('content-range')).toBe(`${expected}/${content.length}`);
      expect((await bytesOf(response)).equals(content.subarray(offset, offset + length))).toBe(true);
      expect(asked[0]?.range).toEqual({ offset, length });
    });

    test('downloads a part only if If-Range names the same version', async () => {
      const { headers } = await get(`catalogs/${BASE + 1}/content/`, {}, 'HEAD');
      const tag = headers.get('etag') ?? '';
      const same = await get(`catalogs/${BASE + 1}/content/`, { Range: 'bytes=0-0', 'If-Range': tag });
      const other = await get(`catalogs/${BASE + 1}/content/`, { Range: 'bytes=0-0', 'If-Range': '"other"' });
      expect([same.status, other.status]).toEqual([206, 200]);
      await Promise.all([bytesOf(same), bytesOf(other)]);
    });

    test('refuses a range beyond the end of a file', async () => {
      const response = await get(`catalogs/${BASE + 1}/content/`, { Range: `bytes=${content.length}-` });
      expect(response.status).toBe(416);
      expect(response.headers.get('content-range')).toBe(`bytes */${content.length}`);
    });

    test('answers HEAD of a file without reading it', async () => {
      const response = await get(`catalogs/${BASE + 1}/content/`, {}, 'HEAD');
      expect(response.status).toBe(200);
      expect(response.headers.get('content-length')).toBe(String(content.length));
      expect(await response.text()).toBe('');
      expect(asked).toEqual([]);
    });

    test.each([
      ['a folder', BASE + 4, 400],
      ['a file with missing parts', 3_005, 409],
      ['an entry that is not there', BASE + 50, 404],
      ['an archive that is gone', 5_001, 404],
      ['no number', 'x', 404],
    ])('refuses to download %s', async (_name, id, status) => {
      const response = await get(`catalogs/${id}/content/`);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ detail: expect.any(String) });
      expect(asked).toEqual([]);
    });
  });

  describe('of a selection', () => {
    test('downloads paths and entries as a tar or a zip', async () => {
      const query = `path=/etc/&path=${encodeURIComponent('etc/Größe "1".pdf')}&entry=${BASE + 2}&format=zip`;
      const response = await get(`archives/${encodeURIComponent('a b')}/download/?${query}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/zip');
      expect(response.headers.get('content-disposition')).toBe('attachment; filename="a b.zip"');
      expect(response.headers.get('transfer-encoding')).toBe('chunked');
      expect((await bytesOf(response)).equals(content)).toBe(true);
      expect(asked).toMatchObject([
        { kind: 'zip', paths: ['etc', 'etc/Größe "1".pdf', 'etc/odd\udcff'], size: null, range: null },
      ]);
    });

    test('downloads a whole archive, or one folder under its own name', async () => {
      const all = await get('archives/a%20b/download/');
      await bytesOf(all);
      const one = await get('archives/a%20b/download/?path=etc');
      await bytesOf(one);
      expect(one.headers.get('content-disposition')).toBe('attachment; filename="etc.tar"');
      expect(asked).toMatchObject([
        { kind: 'tar', paths: [] },
        { kind: 'tar', paths: ['etc'] },
      ]);
    });

    test('refuses an archive that is not safe as a whole', async () => {
      await gateway.insert('catalog.archives', {
        job_uuid: randomUUID(),
        archive_name: 'hostile',
        repository_uuid: repository.uuid,
        unsafe: '"../x" leaves its folder by "..".',
      });
      const refused = await get('archives/hostile/download/');
      expect(refused.status).toBe(409);
      expect(await refused.json()).toEqual({
        detail: expect.stringMatching(/^This archive is not safe to unpack: "\.\.\/x"/),
      });
      expect(asked).toEqual([]);
      // Of a part of it the executor, who sees all of its names, decides.
      await bytesOf(await get('archives/hostile/download/?path=etc'));
      expect(asked).toMatchObject([{ paths: ['etc'] }]);
    });

    test.each([
      ['archives/nope/download/', 404],
      ['archives/gone/download/', 404],
      ['archives/a%20b/download/?path=nope', 400],
      ['archives/a%20b/download/?path=/', 400],
      ['archives/a%20b/download/?entry=99999', 400],
      ['archives/a%20b/download/?format=rar', 400],
      ['archives/a%20b/download/?repository=other', 404],
    ])('answers GET %s with %i', async (path, status) => {
      expect((await get(path)).status).toBe(status);
      expect(asked).toEqual([]);
    });

    test('refuses a selection of which parts are missing in the repository', async () => {
      const refused = await get('archives/damaged/download/?path=etc');
      expect(refused.status).toBe(409);
      expect(await refused.json()).toEqual({ detail: expect.stringMatching(/^Parts of etc\/broken are missing/) });
      const path = encodeURIComponent('etc/Größe "1".pdf');
      const other = await get(`archives/damaged/download/?path=${path}`);
      expect(other.status).toBe(200);
      await bytesOf(other);
    });

    test('requires the repository when several have an archive of the name', async () => {
      const uuid = randomUUID();
      await gateway.insert('inventory.repositories', { id: 4, uuid, name: 'Second', path: '/x', repository_key: {} });
      await gateway.insert('catalog.archives', {
        job_uuid: randomUUID(),
        archive_name: 'twice',
        repository_uuid: uuid,
      });
      await gateway.insert('catalog.archives', {
        job_uuid: randomUUID(),
        archive_name: 'twice',
        repository_uuid: repository.uuid,
      });
      const response = await get('archives/twice/download/');
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ repository: [expect.stringMatching(/"Main" \(3\), "Second" \(4\)/)] });
      await bytesOf(await get('archives/twice/download/?repository=Second'));
      expect(asked).toMatchObject([{ repository: { uuid } }]);
    });
  });

  describe('that fail', () => {
    test('answers a failure before the first byte with its reason', async () => {
      send = () => Promise.reject(new AppError('not-found', 'There is no such archive.'));
      const response = await get(`catalogs/${BASE + 1}/content/`);
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({ detail: 'There is no such archive.' });
      expect(response.headers.get('content-disposition')).toBeNull();
    });

    test.each([`catalogs/${BASE + 1}/content/`, 'archives/a%20b/download/'])(
      'midway break the connection: %s',
      async (path) => {
        send = async (_request, sink) => {
          sink.start({});
          await sink.write(content.subarray(0, 1_000_000));
          throw new AppError('unavailable', 'Borg was killed.');
        };
        const response = await get(path);
        expect(response.status).toBe(200);
        await expect(response.arrayBuffer()).rejects.toThrow();
      },
    );

    test('stops a download when the caller is gone', async () => {
      const begun = Promise.withResolvers<void>();
      const stopped = Promise.withResolvers<void>();
      send = async (_request, sink) => {
        sink.start({});
        await sink.write(content.subarray(0, 10));
        begun.resolve();
        await once(sink.signal, 'abort');
        stopped.resolve();
        sink.signal.throwIfAborted();
      };
      const { port } = new URL(gateway.url);
      const request = httpRequest({
        host: '127.0.0.1',
        port,
        path: '/api/v1/archives/a%20b/download/',
        headers: { Authorization: basic(ADMIN) },
      });
      request.on('error', () => undefined);
      request.end();
      await begun.promise;
      request.destroy();
      await stopped.promise;
    });
  });

  test('allows downloads to superusers only', async () => {
    const { status } = await gateway.send(`/api/v1/catalogs/${BASE + 1}/content/`, { as: USER });
    expect(status).toBe(403);
    expect((await gateway.send('/api/v1/archives/a%20b/download/', { as: null })).status).toBe(401);
  });
});
