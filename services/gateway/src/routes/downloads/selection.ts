import { exactPath, type StoredPath } from '@cyborgbackup/contracts';
import { fieldError, listNames } from '@cyborgbackup/kernel';
import { folderOf, nameOf, PATH_COLUMNS } from '@cyborgbackup/read-models';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { conflict, noSuch } from '../../http/core/http-error.ts';
import { findArchive, type FoundArchive } from '../archives/find-archive.ts';
import { contentDisposition } from './content-disposition.ts';
import { openContent, type Content } from './open-content.ts';
import { findByPath, findEntry } from '../entries/find-entry.ts';

const FORMATS = { tar: 'application/x-tar', zip: 'application/zip' } as const;
type DownloadFormat = keyof typeof FORMATS;

const MAX_PATHS = 1_000;
/** All of them travel as one command line. */
const MAX_PATH_BYTES = 512 * 1024;

const querySchema = z.object({
  format: z.enum(['tar', 'zip']).optional(),
  /** A path as the catalog shows it, with all below it; may be given several times. */
  path: z.array(z.string()).max(MAX_PATHS).optional(),
  /** Id of a catalog entry, also of one whose name is not Unicode; may be given several times. */
  entry: z.array(z.int()).max(MAX_PATHS).optional(),
  /** Id or name, when several repositories have an archive of this name. */
  repository: z.string().optional(),
});

const formatOf = (text: string): DownloadFormat => {
  if (text === 'tar' || text === 'zip') return text;
  throw fieldError('format', 'Choose tar or zip.');
};

/** @throws AppError `validation` for a path that the catalog does not have */
const checkPath = async (deps: GatewayDeps, { job_uuid, complete }: FoundArchive, path: string): Promise<string> => {
  const stored = path.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
  if (stored === '') throw fieldError('path', 'Leave it out to download everything.');
  if (complete && !(await findByPath(deps, job_uuid, stored)))
    throw fieldError('path', `The archive has no "${stored}".`);
  return stored;
};

const entryPath = async (deps: GatewayDeps, { job_uuid }: FoundArchive, text: string): Promise<string> => {
  const entry = await findEntry(deps, text, job_uuid);
  if (!entry) throw fieldError('entry', `The archive has no catalog entry ${text.slice(0, 20)}.`);
  return exactPath(entry);
};

const pathsOf = async (
  deps: GatewayDeps,
  archive: FoundArchive,
  query: URLSearchParams,
): Promise<readonly string[]> => {
  const [paths, entries] = [query.getAll('path'), query.getAll('entry')];
  const isTooMuch = [...paths, ...entries].reduce((sum, text) => sum + text.length, 0) > MAX_PATH_BYTES;
  if (isTooMuch || paths.length + entries.length > MAX_PATHS) {
    throw fieldError('path', 'These are too many paths at once: name the folders they are in.');
  }
  const found: string[] = [];
  for (const path of paths) found.push(await checkPath(deps, archive, path));
  for (const entry of entries) found.push(await entryPath(deps, archive, entry));
  return found;
};

/** Of parts of the archive only the executor, which sees all their names, can tell. @throws HttpError 409 */
const refuseUnsafe = ({ unsafe }: FoundArchive, paths: readonly string[]): void => {
  if (unsafe === null || paths.length > 0) return;
  throw conflict(`This archive is not safe to unpack: ${unsafe} Download parts of it.`);
};

/** More are not read: single files are of little use from a repository with so much damage. */
const MAX_BROKEN = 10_000;

const BROKEN = `
  select ${PATH_COLUMNS}
    from catalog.archives a
    join (select distinct job_uuid, number from catalog.broken_entries) b on b.job_uuid = a.job_uuid
    join catalog.entries v on v.series_id = a.series_id and v.number = b.number
    join ${folderOf('v')}
    join ${nameOf('v')}
   where a.job_uuid = $1
   limit ${MAX_BROKEN}`;

const isWithin = (path: string, folders: readonly string[]): boolean =>
  folders.length === 0 || folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

/**
 * Files of the selection that are known to be damaged in the repository.
 * @param paths each with all below it; everything when empty
 */
const findBroken = async (
  { reader }: GatewayDeps,
  job: string,
  paths: readonly string[],
): Promise<readonly string[]> => {
  const rows = await reader.rows<StoredPath>(BROKEN, [job]);
  return rows.map(exactPath).filter((path) => isWithin(path, paths));
};

/** Missing parts would be zeros in a tar or a zip, without any sign of it. @throws HttpError 409 */
const refuseBroken = async (deps: GatewayDeps, { job_uuid }: FoundArchive, paths: readonly string[]): Promise<void> => {
  const broken = await findBroken(deps, job_uuid, paths);
  if (broken.length === 0) return;
  throw conflict(
    `Parts of ${listNames(broken, 1).toWellFormed()} are missing in the repository: leave that out, or restore it, which tells the damage.`,
  );
};

/** A single folder or file gives its own name, otherwise the archive does. */
const fileName = ({ name }: FoundArchive, paths: readonly string[], format: DownloadFormat): string =>
  `${(paths.length === 1 && paths[0]?.split('/').at(-1)) || name}.${format}`;

const answer = async (deps: GatewayDeps, request: ApiRequest): Promise<ApiAnswer> => {
  const { params, query, isHead, signal } = request;
  const format = formatOf(query.get('format') ?? 'tar');
  const archive = await findArchive(deps, params['name'] ?? '', query.get('repository') ?? '');
  if (!archive?.repository) throw noSuch('Archive');
  const paths = await pathsOf(deps, archive, query);
  refuseUnsafe(archive, paths);
  await refuseBroken(deps, archive, paths);
  const headers = { 'Content-Disposition': contentDisposition(fileName(archive, paths, format)) };
  const common = { type: FORMATS[format], headers };
  // A stream, since Koa would set the length of the answer to that of a text.
  if (isHead) return { ...common, body: Readable.from([]) };
  const content: Content = {
    job: archive.job_uuid,
    archive: archive.name,
    repository: archive.repository,
    kind: format,
    paths: [...paths],
    size: null,
    range: null,
  };
  return { ...common, body: await openContent(deps, content, signal) };
};

export const selectionRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    route: 'GET /api/v1/archives/:name/download',
    access: 'superuser',
    token: 'data',
    summary: 'Download folders and files of the archive, or all of it, as one tar or zip',
    isCostly: true,
    query: querySchema,
    answers: z.string(),
    media: Object.values(FORMATS),
    statuses: { 409: 'It cannot be read now.' },
    handle: (request) => answer(deps, request),
  });
