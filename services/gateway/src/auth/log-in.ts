import type { SubjectKeys } from '@cyborgbackup/event-store';
import type { Clock } from '@cyborgbackup/kernel';
import { createHmac, randomBytes } from 'node:crypto';
import type { Reader } from '../db/reader.ts';
import { accountByEmail, type Account } from './accounts.ts';
import type { FailedLogIns } from './failed-log-ins.ts';
import type { LoginGuard } from './login-guard.ts';
import type { Passwords } from './passwords.ts';

interface Credentials {
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

interface LogInDeps {
  readonly reader: Reader;
  readonly keys: SubjectKeys;
  readonly guard: LoginGuard;
  readonly failedLogIns: FailedLogIns;
  readonly passwords: Passwords;
  readonly clock: Clock;
}

export const createLogIn =
  ({ reader, keys, guard, failedLogIns, passwords }: LogInDeps): LogIn =>
  async ({ email, password, address }) => {
    return guard.attempt({ email, address }, async () => {
      const account = await accountByEmail(reader, email);
      const hash = account && (await keys.open(account.password_hash));
      if (await passwords.verify(password, hash)) return { outcome: 'succeeded', value: account };
      failedLogIns.record(account?.uuid);
      return { outcome: 'failed', value: undefined };
    });
  };

const REMEMBER_MILLIS = 60 * 60_000;
const MAX_REMEMBERED = 1_000;

interface RememberedLogIn {
  readonly account: Promise<Account | undefined>;
  readonly until: number;
}

/**
 * Log-in that remembers what was right within the last hour. HTTP Basic sends the password with every request, and verifying
 * it costs tens of milliseconds by design, so correct credentials are recognised by their HMAC under a key of this process.
 * The account itself is read again each time, so a changed password counts at once. Concurrent requests share one
 * verification. What is remembered is not an attempt: failures of others do not keep out who is in already.
 */
export const createRememberingLogIn = (logIn: LogIn, { reader, clock }: LogInDeps): LogIn => {
  const secret = randomBytes(32);
  const remembered = new Map<string, RememberedLogIn>();

  const fingerprint = ({ email, password }: Credentials): string =>
    createHmac('sha256', secret)
      .update(JSON.stringify([email, password]))
      .digest('base64');

  const remember = (key: string, credentials: Credentials): Promise<Account | undefined> => {
    const account = logIn(credentials);
    remembered.set(key, { account, until: clock.now() + REMEMBER_MILLIS });
    const forget = (): void => void remembered.delete(key);
    account.then((found) => found ?? forget(), forget);
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return account;
  };

  return async (credentials) => {
    const key = fingerprint(credentials);
    const cached = remembered.get(key);
    if (cached === undefined || cached.until <= clock.now()) return remember(key, credentials);
    const [before, now] = await Promise.all([cached.account, accountByEmail(reader, credentials.email)]);
    if (before === undefined) return undefined;
    if (now?.uuid === before.uuid && now.credentials_changed_at === before.credentials_changed_at) {
      remembered.delete(key);
      remembered.set(key, { ...cached, until: clock.now() + REMEMBER_MILLIS });
      return now;
    }
    return remember(key, credentials);
  };
};
