import { z } from 'zod';
import type { LogIn } from '../../auth/log-in.ts';
import type { Sessions } from '../../auth/sessions.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { HttpError, notAuthenticated, CHALLENGE } from '../../http/core/http-error.ts';

const tokenPair = z.object({ refresh: z.string(), access: z.string() });

const required = z.string().min(1).max(4096);

const credentials = z.object({ email: required, password: required.meta({ verbatim: true }) });

const refreshBody = z.object({ refresh: required });

const invalidToken = (): HttpError =>
  new HttpError(401, { detail: 'Token is invalid or expired', code: 'token_not_valid' }, CHALLENGE);

export const tokenRoutes = (logIn: LogIn, sessions: Sessions): readonly Endpoint[] => [
  endpoint({
    route: 'POST /api/token/obtain',
    access: 'public',
    summary: 'Log in: exchange email and password for an access and a refresh token',
    body: credentials,
    answers: tokenPair,
    statuses: { 401: 'Email and password do not belong together.' },
    handle: async ({ body, address }) => {
      const account = await logIn({ ...body, address });
      if (!account) throw notAuthenticated('No active account found with the given credentials');
      return { body: await sessions.open(account) };
    },
  }),
  endpoint({
    route: 'POST /api/token/refresh',
    access: 'public',
    summary: 'Exchange a refresh token for the next pair; each can be used once',
    body: refreshBody,
    answers: tokenPair,
    statuses: { 401: 'The token is invalid, expired or used; if it was used, its whole family is revoked.' },
    handle: async ({ body }) => {
      const pair = await sessions.refresh(body.refresh);
      if (!pair) throw invalidToken();
      return { body: pair };
    },
  }),
];
