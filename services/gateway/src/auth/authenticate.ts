import { apiTokenCommands, scopesOf } from '@cyborgbackup/contracts';
import { messageOf, type Clock, type Logger } from '@cyborgbackup/kernel';
import type { RpcClient } from '@cyborgbackup/messaging';
import { createHash } from 'node:crypto';
import type { Caller } from '../http/core/endpoint.ts';
import { notAuthenticated } from '../http/core/http-error.ts';
import type { Reader } from '../db/reader.ts';
import { accountOfSession, accountOfToken, callerOf, type TokenAccount } from './accounts.ts';
import type { JsonWebTokens } from './json-web-tokens.ts';
import type { LogIn } from './log-in.ts';

/** Who sent the request with this Authorization header; undefined when it has none. @throws HttpError 401, 429 */
export type Authenticate = (authorization: string, address: string) => Promise<Caller | undefined>;

interface AuthenticateDeps {
  readonly reader: Reader;
  readonly tokens: JsonWebTokens;
  readonly clock: Clock;
  /** For HTTP Basic. */
  readonly logIn: LogIn;
  readonly recordUse: (token: TokenAccount) => void;
}

/** The form in which a personal API token is stored. */
export const apiTokenHash = (token: string): string => createHash('sha256').update(token).digest('hex');

const basic = async ({ logIn }: AuthenticateDeps, value: string, address: string): Promise<Caller> => {
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) throw notAuthenticated('Invalid basic header. Credentials not correctly base64 encoded.');
  const account = await logIn({ email: text.slice(0, colon), password: text.slice(colon + 1), address });
  if (!account) throw notAuthenticated('Invalid username/password.');
  return callerOf(account);
};

const bearer = async ({ reader, tokens }: AuthenticateDeps, value: string): Promise<Caller> => {
  const claims = await tokens.read(value, 'access');
  const account = claims && (await accountOfSession(reader, claims.user_id, claims.sid));
  const isVoid = account?.session_revoked === true || account?.credentials_changed_at !== claims?.cred;
  if (!account || !claims || isVoid) throw notAuthenticated('Given token not valid for any token type');
  return callerOf(account, { session: claims.sid });
};

const personalToken = async ({ reader, recordUse, clock }: AuthenticateDeps, value: string): Promise<Caller> => {
  const account = await accountOfToken(reader, apiTokenHash(value));
  if (!account || (account.expires_at !== null && Date.parse(account.expires_at) <= clock.now())) {
    throw notAuthenticated('Invalid token.');
  }
  recordUse(account);
  return callerOf(account, { tokenScopes: scopesOf(account.scope) });
};

const SCHEMES = new Map<string, (deps: AuthenticateDeps, value: string, address: string) => Promise<Caller>>([
  ['basic', basic],
  ['bearer', bearer],
  ['token', personalToken],
]);

export const createAuthenticate =
  (deps: AuthenticateDeps): Authenticate =>
  async (authorization, address) => {
    const [, scheme = '', value = ''] = /^\s*(\S+)\s+(\S+)\s*$/.exec(authorization) ?? [];
    return SCHEMES.get(scheme.toLowerCase())?.(deps, value, address);
  };

const HOUR_MILLIS = 60 * 60_000;
const MAX_REMEMBERED = 10_000;

interface TokenUseDeps {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Records that a personal token was used, at most once an hour for each token. It does not delay the request. */
export const createTokenUseRecorder = ({ rpc, clock, logger }: TokenUseDeps): ((token: TokenAccount) => void) => {
  const recorded = new Map<string, number>();
  const { subject, output } = apiTokenCommands.recordUse;
  return ({ token_uuid: uuid, last_used: lastUsed }) => {
    const now = clock.now();
    const last = Math.max(recorded.get(uuid) ?? 0, lastUsed === null ? 0 : Date.parse(lastUsed));
    if (now - last < HOUR_MILLIS) return;
    if (recorded.size >= MAX_REMEMBERED) recorded.clear();
    recorded.set(uuid, now);
    rpc.call(subject, { uuid }, { schema: output }).catch((error: unknown) => {
      recorded.delete(uuid);
      logger.warn({ reason: messageOf(error) }, 'the use of an API token could not be recorded');
    });
  };
};
