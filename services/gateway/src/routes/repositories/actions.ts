import { repositoryCommands, schedulerCommands } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { notFound } from '../../http/core/http-error.ts';
import { rowOfPath } from '../../http/resource/find-row.ts';
import { sources } from '../../lists/index.ts';
import { validateBody } from '../../validation/validate-body.ts';
import type { GatewayDeps } from '../deps.ts';
import { contentDisposition } from '../downloads/content-disposition.ts';
import { startedJobSchema } from '../jobs/schema.ts';
import { startJob } from '../jobs/start-job.ts';
import type { RepositoryRow } from '../../lists/sources/repositories.ts';

/** The repository that the path names. @throws HttpError 404 */
const repositoryOf = ({ reader }: GatewayDeps, request: ApiRequest): Promise<RepositoryRow> =>
  rowOfPath<RepositoryRow>(reader, sources.repositories, request);

const TEXT = 'text/plain; charset=utf-8';

const limits = z.object({
  append_only: z.boolean().default(false).describe('What is written stays: the repository’s host undoes no deletion.'),
  storage_quota: z.string().max(32).default('').describe('For example 500G; unlimited unless given.'),
});

const authorizedKeys = z.object({
  public_key: z.string(),
  line: z.string().describe('For the authorized_keys file of the account on the repository’s host.'),
});

/** The copy is answered only after an event records that it was read. */
const escrowCopy = async (deps: GatewayDeps, request: ApiRequest): Promise<ApiAnswer> => {
  const { id, uuid } = await repositoryOf(deps, request);
  const row = await deps.reader.row<{ readonly escrow_key: EncryptedValue | null }>(
    'select escrow_key from inventory.repositories where uuid = $1',
    [uuid],
  );
  const key = row?.escrow_key;
  if (!key) throw notFound('There is no escrow copy of this repository’s key: one is made when it is prepared.');
  const headers = { 'Content-Disposition': contentDisposition(`repository_${id}.borgkey`) };
  if (request.isHead) return { body: '', type: TEXT, headers };
  await deps.call(repositoryCommands.recordEscrowRead, { uuid });
  return { body: (await deps.keys.open(key)) ?? '', type: TEXT, headers };
};

export const repositoryActions = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/repositories/:id/authorized_keys',
    access: 'superuser',
    summary:
      'Retrieve the line by which the repository’s host lets the repository’s own key in, and that to nothing else',
    query: limits.partial(),
    answers: authorizedKeys,
    statuses: { 409: 'No key opens this repository.' },
    handle: async (request) => {
      const { append_only, storage_quota } = validateBody(limits, Object.fromEntries(request.query));
      const { uuid } = await repositoryOf(deps, request);
      const limited = { uuid, append_only, storage_quota: storage_quota === '' ? null : storage_quota };
      return { body: await deps.call(repositoryCommands.describeAuthorizedKey, limited) };
    },
  }),
  endpoint({
    route: 'POST /api/v1/repositories/:id/generate_ssh',
    access: 'superuser',
    token: 'never',
    summary: 'Generate a new SSH key pair for the repository; its host has to be given the new line',
    answers: authorizedKeys.pick({ public_key: true }),
    success: 201,
    handle: async (request) => {
      const { uuid } = await repositoryOf(deps, request);
      const { position } = await deps.call(repositoryCommands.generateSsh, { uuid });
      await deps.waitForProjection('inventory', position);
      const row = await deps.reader.row<{ public_key: string }>(
        'select public_key from inventory.repositories where uuid = $1',
        [uuid],
      );
      return { status: 201, body: { public_key: row?.public_key ?? '' } };
    },
  }),
  endpoint({
    route: 'GET /api/v1/repositories/:id/escrow',
    access: 'superuser',
    token: 'secrets',
    summary: 'Retrieve the escrow copy of the key that borg keeps in the repository, for `borg key import`',
    answers: z.string(),
    media: ['text/plain'],
    handle: (request) => escrowCopy(deps, request),
  }),
  endpoint({
    route: 'POST /api/v1/repositories/:id/check',
    access: 'superuser',
    summary: 'Check the repository now; with `verify_data` everything in it is read and verified',
    body: z.object({ verify_data: z.boolean().default(false) }),
    answers: startedJobSchema,
    success: 201,
    handle: async (request) => {
      const { id } = await repositoryOf(deps, request);
      const { verify_data } = request.body;
      return startJob(deps, schedulerCommands.checkRepository, { repository: id, run: request.ids.uuid, verify_data });
    },
  }),
];
