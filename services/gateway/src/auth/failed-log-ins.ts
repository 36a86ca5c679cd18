import { sessionCommands } from '@cyborgbackup/contracts';
import { messageOf, type Clock, type Logger } from '@cyborgbackup/kernel';
import type { Call } from '../backend/calls.ts';

/** Has failed log-ins recorded, so many that the log cannot be filled with them; see `logInFailed`. It delays no answer. */
export interface FailedLogIns {
  /** @param user the account's, undefined where there is none */
  record(user: string | undefined): void;
  /** Has the counts recorded of hours that are over; of all hours when this process stops. */
  flush(options?: { readonly isStopping: boolean }): Promise<void>;
}

interface FailedLogInsDeps {
  readonly call: Call;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Hour {
  /** Milliseconds since the epoch. */
  readonly since: number;
  recorded: number;
  /** Failures beyond those recorded one by one. */
  counted: number;
}

const HOUR_MILLIS = 60 * 60_000;
/** Of each account, and of all that do not exist together, in an hour. */
const RECORDED_ONE_BY_ONE = 10;
const NO_ACCOUNT = '';

export const createFailedLogIns = ({ call, clock, logger }: FailedLogInsDeps): FailedLogIns => {
  const hours = new Map<string, Hour>();

  const isOver = ({ since }: Hour): boolean => clock.now() - since >= HOUR_MILLIS;

  const hourOf = (account: string): Hour => {
    const hour = hours.get(account) ?? { since: clock.now(), recorded: 0, counted: 0 };
    hours.set(account, hour);
    return hour;
  };

  const send = async (account: string, failures: number): Promise<void> => {
    try {
      await call(sessionCommands.recordFailures, { user: account === NO_ACCOUNT ? null : account, failures });
    } catch (error) {
      hourOf(account).counted += failures;
      logger.warn({ reason: messageOf(error) }, 'failed log-ins could not be recorded yet');
    }
  };

  /** Its count is recorded, and the next failure begins another hour. */
  const end = async (account: string, { counted }: Hour): Promise<void> => {
    hours.delete(account);
    if (counted > 0) await send(account, counted);
  };

  return {
    record: (user = NO_ACCOUNT) => {
      const last = hours.get(user);
      if (last && isOver(last)) void end(user, last);
      const hour = hourOf(user);
      if (hour.recorded >= RECORDED_ONE_BY_ONE) {
        hour.counted += 1;
        return;
      }
      hour.recorded += 1;
      void send(user, 1);
    },
    flush: async ({ isStopping } = { isStopping: false }) => {
      const over = [...hours].filter(([, hour]) => isStopping || isOver(hour));
      await Promise.all(over.map(([account, hour]) => end(account, hour)));
    },
  };
};
