import { apiTokenCommands, apiTokenScope, requiredText, scopesOf } from '@cyborgbackup/contracts';
import { fieldError } from '@cyborgbackup/kernel';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { apiTokenHash } from '../../auth/authenticate.ts';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { noSuch } from '../../http/core/http-error.ts';
import { listSchema } from '../../http/lists/list-endpoint.ts';
import { pageOfItems } from '../../http/lists/page-of-items.ts';
import { represent, urlOf } from '../../http/core/representation.ts';
import { shortIsoOrNull } from '../../db/timestamps.ts';
import { idParameter } from '../../http/resource/find-row.ts';
import { NOT_YET_VISIBLE } from '../../backend/calls.ts';
import { tokenSource, type TokenRow } from './query.ts';

const createToken = z.object({
  name: requiredText(255),
  scope: apiTokenScope.default('read write'),
  /** ISO 8601; null = never. */
  expires_at: z.iso.datetime({ offset: true }).nullable().default(null),
});

const tokenSchema = z.object({
  id: z.int(),
  type: z.literal('token'),
  url: z.string(),
  related: z.object({ user: z.string() }),
  summary_fields: z.record(z.string(), z.unknown()),
  created: z.string(),
  user: z.int(),
  name: z.string(),
  scope: z.string(),
  expires_at: z.string().nullable(),
  last_used: z.string().nullable(),
  uuid: z.uuid(),
});

/** The only answer that has the token itself. */
const createdToken = tokenSchema.extend({ token: z.string() });

const presentToken = (row: TokenRow): object =>
  represent(tokenSchema, {
    ...row,
    url: urlOf('tokens', row.id),
    related: { user: urlOf('users', row.user) },
    summary_fields: { user: row.person },
    expires_at: shortIsoOrNull(row.expires_at),
    last_used: shortIsoOrNull(row.last_used),
  });

const TOKEN_BYTES = 32;

/** Scanners for leaked secrets recognise the prefix. */
const newToken = (): string => `cbb_${randomBytes(TOKEN_BYTES).toString('base64url')}`;

/** Superusers see the tokens of all users, others their own. Revoked ones are not visible. */
const visible = (request: ApiRequest): { where: string; values: readonly unknown[] } => {
  const { isSuperuser, uuid } = request.caller();
  return isSuperuser
    ? { where: 'not t.revoked', values: [] }
    : { where: 'not t.revoked and t.user_uuid = $1', values: [uuid] };
};

const find = async (deps: GatewayDeps, request: ApiRequest, id: number): Promise<TokenRow> => {
  const { where, values } = visible(request);
  const row = await deps.reader.row<TokenRow>(
    `select ${tokenSource.select} from ${tokenSource.from} where ${where} and t.id = $${values.length + 1}`,
    [...values, id],
  );
  if (!row) throw noSuch('Token');
  return row;
};

const expiry = (text: string | null, now: number): string | null => {
  if (text === null) return null;
  const expiresAt = new Date(text);
  if (!(expiresAt.getTime() > now)) throw fieldError('expires_at', 'The expiry must lie in the future.');
  return expiresAt.toISOString();
};

const common = { access: 'user', answers: tokenSchema } as const;

const create = (deps: GatewayDeps): Endpoint =>
  endpoint({
    route: 'POST /api/v1/tokens',
    ...common,
    token: 'never',
    summary: 'Create a personal API token; it is shown in this answer and never again',
    details:
      '`scope` has one or more of `read`, `write`, `secrets` (be shown passphrases and keys) and `data` (download and restore ' +
      'what was backed up), with a blank between them. No token makes tokens, or changes users and keys. It ends when it is ' +
      'revoked, expires, or its user’s password changes.',
    body: createToken,
    answers: createdToken,
    success: 201,
    handle: async (request): Promise<ApiAnswer> => {
      const token = newToken();
      const { name, scope, expires_at: expiresAt } = request.body;
      const { id, position } = await deps.call(apiTokenCommands.create, {
        ...request.ids,
        user: request.caller().uuid,
        name,
        scope: [...scopesOf(scope)].join(' '),
        expires_at: expiry(expiresAt, deps.clock.now()),
        token_hash: apiTokenHash(token),
      });
      const headers = { Location: urlOf('tokens', id) };
      if (!(await deps.waitForProjection('inventory', position))) {
        return { status: 202, body: { detail: NOT_YET_VISIBLE, id, token }, headers };
      }
      return { status: 201, body: { ...presentToken(await find(deps, request, id)), token }, headers };
    },
  });

export const personalTokenRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/tokens',
    ...common,
    summary: 'Retrieve a list of personal API tokens, without the tokens themselves',
    answers: listSchema(tokenSchema),
    handle: async (request) => {
      const { where, values } = visible(request);
      const rows = await deps.reader.rows<TokenRow>(
        `select ${tokenSource.select} from ${tokenSource.from} where ${where} order by t.id desc`,
        values,
      );
      return { body: pageOfItems(request, { label: 'Token', schema: tokenSchema, items: rows.map(presentToken) }) };
    },
  }),
  create(deps),
  endpoint({
    route: 'GET /api/v1/tokens/:id',
    ...common,
    summary: 'Retrieve details of a personal API token, without the token itself',
    handle: async (request) => ({
      body: presentToken(await find(deps, request, idParameter(request, 'Token'))),
    }),
  }),
  endpoint({
    route: 'DELETE /api/v1/tokens/:id',
    ...common,
    token: 'never',
    summary: 'Revoke a personal API token',
    handle: async (request) => {
      const row = await find(deps, request, idParameter(request, 'Token'));
      const { position } = await deps.call(apiTokenCommands.revoke, { uuid: row.uuid });
      await deps.waitForProjection('inventory', position);
      return { body: presentToken(row) };
    },
  }),
];
