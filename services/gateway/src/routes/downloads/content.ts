import { exactName, exactPath, type ContentRequest } from '@cyborgbackup/contracts';
import { extname } from 'node:path/posix';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { badRequest, conflict, HttpError, noSuch } from '../../http/core/http-error.ts';
import { parseByteRange, type ByteRange } from './byte-range.ts';
import { contentDisposition } from './content-disposition.ts';
import { findEntry, findTarget, type EntryToRead } from '../entries/find-entry.ts';
import { openContent, type Content } from './open-content.ts';

const OCTETS = 'application/octet-stream';

/** The media type by the extension of the name. The answer is always saved, never displayed, so a wrong type is harmless. */
const typeOf = (name: string): string => extname(name).toLowerCase() || OCTETS;

const entryOf = async (deps: GatewayDeps, { params }: ApiRequest): Promise<EntryToRead> => {
  const entry = await findEntry(deps, params['id'] ?? '');
  if (!entry) throw noSuch('Catalog');
  if (entry.type !== '-') {
    throw badRequest('Only the contents of a file can be read here; archives/NAME/download/ gives whole folders.');
  }
  if (!entry.healthy) {
    throw conflict('Parts of this file are missing in the repository, so it cannot be read: choose another archive.');
  }
  return entry;
};

/** The entry that has the file's bytes: of several hard links, borg stores them with the first, which the others name. */
const holderOf = async (deps: GatewayDeps, entry: EntryToRead): Promise<EntryToRead> => {
  if (!entry.mode.startsWith('h')) return entry;
  const holder = await findTarget(deps, entry);
  if (!holder) throw conflict('This is a hard link to a file that is not in the catalog: restore it instead.');
  return holder;
};

/** An archive never changes, so an entry's id identifies its bytes for ever. */
const tagOf = ({ id }: EntryToRead): string => `"catalog-${id}"`;

const rangeOf = (request: ApiRequest, entry: EntryToRead, size: number): ByteRange | undefined => {
  const condition = request.header('If-Range');
  if (condition !== '' && condition !== tagOf(entry)) return undefined;
  const range = parseByteRange(request.header('Range'), size);
  if (range !== 'unsatisfiable') return range;
  throw new HttpError(416, { detail: `The file has ${size} bytes.` }, { 'Content-Range': `bytes */${size}` });
};

const headersOf = (entry: EntryToRead, size: number, range: ByteRange | undefined): Record<string, string> => ({
  'Content-Disposition': contentDisposition(exactName(entry)),
  'Content-Length': String(range?.length ?? size),
  'Accept-Ranges': 'bytes',
  ETag: tagOf(entry),
  'Last-Modified': new Date(entry.mtime).toUTCString(),
  ...(range ? { 'Content-Range': `bytes ${range.offset}-${range.offset + range.length - 1}/${size}` } : {}),
});

type ContentRepository = ContentRequest['repository'];

/** The repository as it is now. @throws HttpError 409 when it was removed from the inventory */
const findRepository = async ({ reader }: GatewayDeps, uuid: string): Promise<ContentRepository> => {
  const row = await reader.row<ContentRepository>(
    'select id, uuid, name, path from inventory.repositories where uuid = $1',
    [uuid],
  );
  if (!row) throw conflict('The repository of this archive was removed from the inventory: register it again.');
  return row;
};

const contentOf = async (deps: GatewayDeps, holder: EntryToRead): Promise<Omit<Content, 'range'>> => ({
  job: holder.job_uuid,
  archive: holder.archive_name,
  repository: await findRepository(deps, holder.repository_uuid),
  kind: 'file',
  paths: [exactPath(holder)],
  size: holder.size,
});

const answer = async (deps: GatewayDeps, request: ApiRequest): Promise<ApiAnswer> => {
  const entry = await entryOf(deps, request);
  const holder = await holderOf(deps, entry);
  const { size } = holder;
  const range = rangeOf(request, entry, size);
  const common = {
    status: range ? 206 : 200,
    type: typeOf(entry.name),
    headers: headersOf(entry, size, range),
  };
  // A stream, since Koa would set the length of the answer to that of a text.
  if (request.isHead) return { ...common, body: Readable.from([]) };
  const content = await contentOf(deps, holder);
  const body = await openContent(deps, { ...content, range: range ?? null }, request.signal);
  return { ...common, body };
};

/** See docs/decisions/0016-downloads-are-credit-based-streams.md. */
export const contentRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    route: 'GET /api/v1/catalogs/:id/content',
    access: 'superuser',
    token: 'data',
    summary: 'Download the contents of the catalogued file',
    answers: z.string(),
    media: [OCTETS],
    statuses: { 206: 'The bytes that `Range` asks for.', 409: 'It cannot be read now.', 416: 'No such bytes.' },
    handle: (request) => answer(deps, request),
  });
