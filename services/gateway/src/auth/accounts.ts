import { comparableEmail } from '@cyborgbackup/contracts';
import type { ApiTokenRow, UserRow } from '@cyborgbackup/read-models';
import type { Caller } from '../http/core/endpoint.ts';
import type { Reader } from '../db/reader.ts';

/** A user as log-in sees them. */
export type Account = Pick<
  UserRow,
  'id' | 'uuid' | 'email' | 'first_name' | 'last_name' | 'is_superuser' | 'password_hash' | 'credentials_changed_at'
>;

const COLUMNS =
  'u.id, u.uuid, u.email, u.first_name, u.last_name, u.is_superuser, u.password_hash, u.credentials_changed_at';

/** By the form of the address that the guard counts by as well: no spelling of it has a counter of its own. */
export const accountByEmail = (reader: Reader, email: string): Promise<Account | undefined> =>
  reader.row<Account>(`select ${COLUMNS} from inventory.users u where u.comparable_email = $1`, [
    comparableEmail(email),
  ]);

export const accountById = (reader: Reader, id: number): Promise<Account | undefined> =>
  reader.row<Account>(`select ${COLUMNS} from inventory.users u where u.id = $1`, [id]);

interface SessionAccount extends Account {
  /** Null when the session is unknown, or not in the read model yet. */
  readonly session_revoked: boolean | null;
}

export const accountOfSession = (reader: Reader, user: number, session: string): Promise<SessionAccount | undefined> =>
  reader.row<SessionAccount>(
    `select ${COLUMNS}, s.revoked as session_revoked
       from inventory.users u left join inventory.sessions s on s.uuid = $2 and s.user_uuid = u.uuid
      where u.id = $1`,
    [user, session],
  );

export interface TokenAccount extends Account, Pick<ApiTokenRow, 'scope' | 'expires_at' | 'last_used'> {
  readonly token_uuid: string;
}

export const accountOfToken = (reader: Reader, tokenHash: string): Promise<TokenAccount | undefined> =>
  reader.row<TokenAccount>(
    `select ${COLUMNS}, k.uuid as token_uuid, k.scope, k.expires_at, k.last_used
       from inventory.api_tokens k join inventory.users u on u.uuid = k.user_uuid
      where k.token_hash = $1 and not k.revoked`,
    [tokenHash],
  );

export const callerOf = (account: Account, more: Partial<Caller> = {}): Caller => ({
  id: account.id,
  uuid: account.uuid,
  isSuperuser: account.is_superuser,
  ...more,
});
