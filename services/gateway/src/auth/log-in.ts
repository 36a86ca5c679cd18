import type { SubjectKeys } from '@cyborgbackup/event-store';
import type { Clock } from '@cyborgbackup/kernel';
import { createHmac, randomBytes } from 'node:crypto';
import type { Reader } from '../db/reader.ts';
import { accountByEmail, type Account } from './accounts.ts';
import type { LoginGuard } from './login-guard.ts';
import type { Passwords } from './passwords.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
  /** Where the attempt comes from. */
  readonly address: string;
}

/**
 * The account that email and password belong to, else undefined.
 * @throws HttpError 429 after too many failures
 */
export type LogIn = (credentials: Credentials) => Promise<Account | undefined>;

export interface LogInParts {
  readonly reader: Reader;
  readonly keys: SubjectKeys;
  readonly guard: LoginGuard;
  readonly passwords: Passwords;
  readonly clock: Clock;
}

const verifyAccount = async (
  { keys, passwords }: LogInParts,
  account: Account | undefined,
  password: string,
): Promise<boolean> => {
  const hash = account && (await keys.open(account.password_hash));
  return passwords.verify(password, hash);
};

export const createLogIn =
  (parts: LogInParts): LogIn =>
  async ({ email, password, address }) => {
    parts.guard.check(email, address);
    const account = await accountByEmail(parts.reader, email);
    if (!(await verifyAccount(parts, account, password)) || account === undefined) {
      parts.guard.failed(email, address);
      return undefined;
    }
    parts.guard.succeeded(email, address);
    return account;
  };

const REMEMBERED_MILLIS = 60_000;
const MAX_REMEMBERED = 1_000;

interface Remembered {
  readonly account: Promise<Account | undefined>;
  readonly until: number;
}

/**
 * HTTP Basic sends the password with every request, and checking it costs tens of milliseconds by design. So for a minute
 * a pair that was right is recognised by its HMAC under a key of this process; the account itself is read again each time,
 * and a password changed since then counts at once. Requests that come in together share one check.
 */
export const createRememberingLogIn = (logIn: LogIn, { reader, clock }: LogInParts): LogIn => {
  const key = randomBytes(32);
  const remembered = new Map<string, Remembered>();

  const fingerprint = ({ email, password }: Credentials): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([email, password]))
      .digest('base64');

  const remember = (mark: string, credentials: Credentials): Promise<Account | undefined> => {
    const account = logIn(credentials);
    remembered.set(mark, { account, until: clock.now() + REMEMBERED_MILLIS });
    const forget = (): void => void remembered.delete(mark);
    account.then((found) => found ?? forget(), forget);
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return account;
  };

  return async (credentials) => {
    const mark = fingerprint(credentials);
    const known = remembered.get(mark);
    if (known === undefined || known.until <= clock.now()) return remember(mark, credentials);
    const [before, now] = await Promise.all([known.account, accountByEmail(reader, credentials.email)]);
    if (before === undefined) return undefined;
    if (now?.uuid === before.uuid && now.credentials_changed_at === before.credentials_changed_at) return now;
    return remember(mark, credentials);
  };
};
