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
import { linkFields, represent, urlOf } from '../../http/core/representation.ts';
import { shortIsoOrNull } from '../../db/timestamps.ts';
import { idParameter } from '../../http/resource/find-row.ts';
import { NOT_YET_VISIBLE } from '../../backend/calls.ts';
import type { ApiTokenRow } from '@cyborgbackup/read-models';
import { personOf, type Person } from '../../db/authored.ts';

const createToken = z.object({
  name: requiredText(255),
  scope: apiTokenScope.default('read write'),
  /** ISO 8601; null = never. */
  expires_at: z.iso.datetime({ offset: true }).nullable().default(null),
});

const tokenSchema = z.object({
  ...linkFields,
  type: z.literal('token'),
  related: z.object({ user: z.string() }),
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

type TokenColumn = 'id' | 'uuid' | 'user_uuid' | 'name' | 'scope' | 'created' | 'expires_at' | 'last_used';

interface TokenRow extends Pick<ApiTokenRow, TokenColumn> {
  readonly user: number;
  readonly person: Person;
}

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

/** Superusers see the tokens of all users, others their own. Revoked ones are not visible. @param id default: of all tokens */
const visibleTokens = (
  { reader }: GatewayDeps,
  request: ApiRequest,
  id: number | null = null,
): Promise<readonly TokenRow[]> => {
  const { isSuperuser, uuid } = request.caller();
  return reader.rows<TokenRow>(
    `select t.id, t.uuid, t.user_uuid, u.id as user, t.name, t.scope, t.created, t.expires_at, t.last_used,
            ${personOf('u')} as person
       from inventory.api_tokens t join inventory.users u on u.uuid = t.user_uuid
      where not t.revoked and ($1::uuid is null or t.user_uuid = $1) and ($2::int is null or t.id = $2)
      order by t.id desc`,
    [isSuperuser ? null : uuid, id],
  );
};

const find = async (deps: GatewayDeps, request: ApiRequest, id: number): Promise<TokenRow> => {
  const [row] = await visibleTokens(deps, request, id);
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

export const personalTokenRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/tokens',
    ...common,
    summary: 'Retrieve a list of personal API tokens, without the tokens themselves',
    answers: listSchema(tokenSchema),
    handle: async (request) => {
      const rows = await visibleTokens(deps, request);
      return { body: pageOfItems(request, { label: 'Token', schema: tokenSchema, items: rows.map(presentToken) }) };
    },
  }),
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
  }),
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
