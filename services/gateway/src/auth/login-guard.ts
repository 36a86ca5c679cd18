import { comparableEmail } from '@cyborgbackup/contracts';
import { AppError, createKeyedQueue, delay, isDatabaseUnavailable, type Clock } from '@cyborgbackup/kernel';
import { createHmac } from 'node:crypto';
import type { Pool } from 'pg';
import { tooManyRequests } from '../http/core/http-error.ts';
import { networkOf } from '../middleware/source-address.ts';

/** What came of an attempt; `untried` when its password was never looked at. */
export type AttemptOutcome = 'succeeded' | 'failed' | 'untried';

/**
 * Decides which log-ins may be tried. Each attempt is counted as failed before its password is verified, over all gateways, so
 * that any number of attempts at once are as many as one after the other. See
 * docs/decisions/0022-people-are-trusted-no-further-than-needed.md.
 */
export interface LoginGuard {
  /**
   * Counts the attempt and does it, after those before it from the same network on the same account. An account that is tried
   * from many networks is slowed down (10 seconds at most), but not where it was at home lately.
   * @throws HttpError 429 after too many failures from this network, on this account (5) or on any (50)
   */
  attempt<T>(
    who: { readonly email: string; readonly address: string },
    work: () => Promise<{ readonly outcome: AttemptOutcome; readonly value: T }>,
  ): Promise<T>;
  /** Forgets what is older than an hour, and networks that were at home 30 days ago. */
  sweep(): Promise<void>;
}

interface LoginGuardDeps {
  readonly pool: Pool;
  /** 32 bytes: the table holds neither addresses nor accounts, only their HMACs. */
  readonly secret: Buffer;
  readonly clock: Clock;
}

interface Reservation {
  readonly wait_millis: number;
  readonly delay_millis: number;
  readonly is_known: boolean;
}

/** How long an attempt waits for those before it. */
const TURN = {
  waitMillis: 20_000,
  timedOut: () => new AppError('unavailable', 'Too many log-ins at once; try again shortly.'),
};

const SWEEP = `delete from gateway.login_attempts
  where last_attempt < $1::timestamptz - interval '1 hour' and (known_until is null or known_until < $1)`;

export const createLoginGuard = ({ pool, secret, clock }: LoginGuardDeps): LoginGuard => {
  const inTurn = createKeyedQueue();
  const now = (): string => new Date(clock.now()).toISOString();

  const hmac = (...parts: readonly string[]): string =>
    createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64');

  const query = async <Row extends object>(text: string, values: readonly unknown[]): Promise<readonly Row[]> => {
    try {
      return (await pool.query<Row>(text, [...values])).rows;
    } catch (cause) {
      if (!isDatabaseUnavailable(cause)) throw cause;
      throw new AppError('unavailable', 'Log-ins cannot be counted right now; try again shortly.', { cause });
    }
  };

  const reserve = async (keys: readonly string[], arrived: string): Promise<Reservation> => {
    const text = 'select * from gateway.reserve_login($1, $2, $3, $4, $5)';
    const [reserved] = await query<Reservation>(text, [...keys, arrived, now()]);
    if (!reserved) throw new AppError('internal', 'The attempt to log in was not counted.');
    return reserved;
  };

  return {
    attempt: async ({ email, address }, work) => {
      const arrived = now();
      const [from, person] = [networkOf(address), comparableEmail(email)];
      const [network, pair] = [hmac('network', from), hmac('pair', person, from)];
      const keys = [network, pair, hmac('account', person)];
      return inTurn(
        pair,
        async () => {
          const { wait_millis: wait, delay_millis: slowedBy, is_known: isKnown } = await reserve(keys, arrived);
          if (wait > 0) throw tooManyRequests(Math.ceil(wait / 1_000), 'Too many failed log-ins.');
          await delay(slowedBy);
          const release = (hasSucceeded: boolean) =>
            query('select gateway.release_login($1, $2, $3, $4, $5, $6)', [...keys, now(), isKnown, hasSucceeded]);
          const { outcome, value } = await work().catch(async (error: unknown) => {
            await release(false);
            throw error;
          });
          if (outcome === 'failed') await query('select gateway.fail_login($1, $2, $3)', [network, pair, now()]);
          else await release(outcome === 'succeeded');
          return value;
        },
        TURN,
      );
    },
    sweep: async () => {
      await query(SWEEP, [now()]);
    },
  };
};
