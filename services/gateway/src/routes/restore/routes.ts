import { exactPath, schedulerCommands } from '@cyborgbackup/contracts';
import { fieldError } from '@cyborgbackup/kernel';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { conflict } from '../../http/core/http-error.ts';
import { findEntry } from '../entries/find-entry.ts';
import { startedJobSchema } from '../jobs/schema.ts';
import { startJob } from '../jobs/start-job.ts';
import { findArchive, type FoundArchive } from '../archives/find-archive.ts';
import { findDestination } from './find-destination.ts';
import { restoreBody, restoreRequestOf, type RestoreBody } from './restore-body.ts';

/** The exact paths of catalog entries, which must be of this archive. @throws AppError `validation` */
const pathsOf = async (
  deps: GatewayDeps,
  archive: FoundArchive,
  ids: readonly number[],
): Promise<readonly string[]> => {
  const paths: string[] = [];
  for (const id of ids) {
    const entry = await findEntry(deps, id, archive.job_uuid);
    if (!entry) throw fieldError('entries', `The archive has no catalog entry ${id}.`);
    paths.push(exactPath(entry));
  }
  return paths;
};

const DATABASE_POLICIES: ReadonlySet<string> = new Set(['mysql', 'postgresql']);

/** @throws AppError `validation` when the archive is certainly no dump of a database */
const checkDump = async (
  { reader }: GatewayDeps,
  { policy_uuid }: FoundArchive,
  { database }: RestoreBody,
): Promise<void> => {
  if (!database || policy_uuid === null) return;
  const row = await reader.row<{ readonly policy_type: string }>(
    'select policy_type from inventory.policies where uuid = $1',
    [policy_uuid],
  );
  if (row && !DATABASE_POLICIES.has(row.policy_type)) {
    throw fieldError('database', `This archive was made by a policy of the type ${row.policy_type}, so it is no dump.`);
  }
};

/** @throws HttpError 409 for an archive that is not safe, unless its unsafe entries are to be left out */
const checkSafe = ({ unsafe }: FoundArchive, { allow_unsafe, database }: RestoreBody): void => {
  if (unsafe === null || (allow_unsafe && !database)) return;
  const advice = database ? '' : ' To restore only its safe entries, say allow_unsafe.';
  throw conflict(`This archive is not safe to restore: ${unsafe} Find out who made it so on its client.${advice}`);
};

const restore = async (deps: GatewayDeps, { body, ids }: ApiRequest<RestoreBody>): Promise<ApiAnswer> => {
  const archive = await findArchive(deps, body.archive_name, String(body.repository ?? ''));
  if (!archive?.repository) throw fieldError('archive_name', `There is no archive named "${body.archive_name}".`);
  await checkDump(deps, archive, body);
  checkSafe(archive, body);
  return startJob(deps, schedulerCommands.restore, {
    ...restoreRequestOf(body, await pathsOf(deps, archive, body.entries)),
    run: ids.uuid,
    backup: archive.job_uuid,
    repository: archive.repository,
    client: await findDestination(deps, archive, body.destination),
  });
};

export const restoreRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/restore',
    access: 'user',
    summary: 'Retrieve nothing: restores are jobs',
    answers: z.array(z.never()),
    handle: () => Promise.resolve({ body: [] }),
  }),
  endpoint({
    route: 'POST /api/v1/restore',
    access: 'superuser',
    token: 'data',
    summary: 'Restore items of an archive to a folder, to where they were, or to a database',
    body: restoreBody,
    answers: startedJobSchema,
    success: 201,
    statuses: { 409: 'The archive is not safe to restore.' },
    handle: (request) => restore(deps, request),
  }),
];
