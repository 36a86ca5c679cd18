import { userCommands } from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { accountById, type Account } from '../../auth/accounts.ts';
import { RESET_SECONDS, type JsonWebTokens } from '../../auth/json-web-tokens.ts';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { noSuch, notFound } from '../../http/core/http-error.ts';
import { idParameter } from '../../http/resource/find-row.ts';
import { chosenPassword } from '../users/schema.ts';

const OK = { status: 'OK' };

const token = z.string().min(1).max(4096);
const common = {
  access: 'public',
  answers: z.object({ status: z.literal('OK') }),
} as const;

/**
 * A token is valid for a day and for one new password: it has the time of the last change, which the new password updates.
 * Tokens are not sent by mail yet; a superuser makes one, which is recorded, and hands it over. The new password names the token, and
 * is not recorded as the user's own act: nobody knows who has the token.
 */
export const passwordResetRoutes = (deps: GatewayDeps, tokens: JsonWebTokens): readonly Endpoint[] => {
  /** @throws HttpError 404 for an invalid, expired or used token */
  const holderOf = async (text: string): Promise<{ readonly account: Account; readonly token: string }> => {
    const claims = await tokens.read(text, 'reset');
    const account = claims && (await accountById(deps.reader, claims.user_id));
    if (account?.credentials_changed_at !== claims?.cred || !account || !claims) throw notFound();
    return { account, token: claims.jti };
  };

  return [
    endpoint({
      route: 'POST /api/password_reset',
      ...common,
      summary: 'Ask for a password reset; the answer is the same whether the account exists',
      body: z.object({ email: z.email().max(254) }),
      handle: async () => ({ body: OK }),
    }),
    endpoint({
      route: 'POST /api/password_reset/validate_token',
      ...common,
      summary: 'Tell whether a reset token is good',
      body: z.object({ token }),
      statuses: { 404: 'The token is none, expired or used.' },
      handle: async ({ body }) => {
        await holderOf(body.token);
        return { body: OK };
      },
    }),
    endpoint({
      route: 'POST /api/password_reset/confirm',
      ...common,
      summary: 'Choose a new password with a reset token',
      body: z.object({ token, password: chosenPassword }),
      statuses: { 404: 'The token is none, expired or used.' },
      handle: async ({ body }) => {
        const { account, token: resetToken } = await holderOf(body.token);
        const hash = await deps.passwords.hash(body.password);
        const { position } = await deps.call(userCommands.change, {
          uuid: account.uuid,
          changes: {},
          password_hash: hash,
          reset_token: resetToken,
        });
        await deps.waitForProjection('inventory', position);
        return { body: OK };
      },
    }),
    endpoint({
      route: 'POST /api/v1/users/:id/password_reset_token',
      access: 'superuser',
      token: 'never',
      summary: 'Make a token with which the user can choose a new password, for you to hand over',
      answers: z.object({ token: z.string(), expires_at: z.string() }),
      success: 201,
      handle: async (request) => {
        const account = await accountById(deps.reader, idParameter(request, 'User'));
        if (!account) throw noSuch('User');
        const expiresAt = new Date(deps.clock.now() + RESET_SECONDS * 1_000).toISOString();
        const id = randomUUID();
        await deps.call(userCommands.recordPasswordReset, { user: account.uuid, token: id, expires_at: expiresAt });
        return { status: 201, body: { token: await tokens.issueReset(account, id), expires_at: expiresAt } };
      },
    }),
  ];
};
