import { asService, inTransaction, openPool } from '@cyborgbackup/database';
import { AppError, isDatabaseUnavailable, sqlState, type Logger } from '@cyborgbackup/kernel';
import pg from 'pg';
import { createOnConnection } from './cancellable.ts';
import { createQueryBudget } from './query-budget.ts';
import { currentReadScope } from './read-scope.ts';
import { isoFromPostgres } from './timestamps.ts';

/** Queries on the read models. Timestamps come as ISO text with microseconds, 64-bit integers as numbers. */
export interface Reader {
  /** @param options.timeoutMillis a shorter time-out than usual */
  rows<Row extends object>(
    text: string,
    values?: readonly unknown[],
    options?: { readonly timeoutMillis?: number },
  ): Promise<readonly Row[]>;
  /** The first row, if any. */
  row<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row | undefined>;
  /** The column `count` of the first row. */
  count(text: string, values?: readonly unknown[]): Promise<number>;
  close(): Promise<void>;
}

const OID = { int8: 20, numeric: 1700, timestamptz: 1184, date: 1082 };

const parsers = new Map<number, (text: string) => unknown>([
  [OID.int8, Number],
  [OID.numeric, Number],
  [OID.timestamptz, isoFromPostgres],
  [OID.date, String],
]);

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    parsers.get(oid) ?? (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
};

/** No request may keep a connection for longer. */
const STATEMENT_MILLIS = 10_000;
/** For rows by their keys: who calls, and details. */
const DETAIL_CONNECTIONS = 4;
/** For lists, whose filters may be as costly as their callers like. */
const LIST_CONNECTIONS = 8;
/** Of one caller: fewer than there are connections. */
const LISTS_AT_ONCE = 3;
const LISTS_WAITING = 32;
const CANCEL_MILLIS = 5_000;

const SQL_STATE = {
  queryCanceled: '57014',
  invalidRegularExpression: '2201B',
  invalidText: '22021',
  undefinedTable: '42P01',
};

/** True for the error of a query whose regular expression PostgreSQL does not understand. */
export const isInvalidPattern = (error: unknown): boolean => sqlState(error) === SQL_STATE.invalidRegularExpression;

const readError = (error: unknown): unknown => {
  const state = sqlState(error);
  if (state === SQL_STATE.queryCanceled) {
    return new AppError('unavailable', 'The answer took too long to find: narrow the filters.', { cause: error });
  }
  if (state === SQL_STATE.invalidText) {
    return new AppError('validation', 'Null characters are not allowed.', { cause: error });
  }
  if (state === SQL_STATE.undefinedTable) {
    return new AppError('unavailable', 'A service has not made its tables yet: is it running?', { cause: error });
  }
  return isDatabaseUnavailable(error)
    ? new AppError('unavailable', 'The database cannot be reached right now; try again shortly.', { cause: error })
    : error;
};

/**
 * Connections of the gateway's own, which can write nothing and are given up after ten seconds, so that a costly filter
 * neither changes data nor takes connections away from the services that append events. Lists have connections apart from everything
 * else, of which one caller gets a part only, and are cancelled when their caller leaves (see `ReadScope`): nobody can keep
 * others from logging in, or from reading what costs little. See read-budget.int.test.ts.
 * @param base whose database and login they use
 */
export const createReader = (base: pg.Pool, logger: Logger): Reader => {
  const open = (name: string, max: number, options: string): pg.Pool =>
    openPool(
      {
        ...base.options,
        options,
        application_name: `cyborgbackup-gateway-${name}`,
        max,
        connectionTimeoutMillis: 5_000,
        idleTimeoutMillis: 30_000,
      },
      logger,
    );
  const reading = `${asService('gateway')} -c default_transaction_read_only=on -c statement_timeout=${STATEMENT_MILLIS}`;
  const details = open('read', DETAIL_CONNECTIONS, reading);
  const lists = open('list', LIST_CONNECTIONS, reading);
  const canceller = open('cancel', 1, `-c statement_timeout=${CANCEL_MILLIS}`);
  const budget = createQueryBudget({ atOnce: LISTS_AT_ONCE, maxWaiting: LISTS_WAITING });
  const onConnection = createOnConnection(canceller, logger);

  /** On a connection of the sort that the request in this context has. */
  const inScope = <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const { budgetOf, signal } = currentReadScope() ?? {};
    if (budgetOf === undefined || signal === undefined) return onConnection(details, signal, work);
    return budget.run(budgetOf, signal, () => onConnection(lists, signal, work));
  };

  const rows: Reader['rows'] = async <Row extends object>(
    text: string,
    values: readonly unknown[] = [],
    { timeoutMillis }: { readonly timeoutMillis?: number } = {},
  ) => {
    const query = { text, values: [...values], types };
    try {
      return await inScope(async (client) => {
        const read = async (): Promise<Row[]> => (await client.query<Row>(query)).rows;
        if (timeoutMillis === undefined) return read();
        return inTransaction(client, async () => {
          await client.query(`set local statement_timeout = ${timeoutMillis}`);
          return read();
        });
      });
    } catch (error) {
      throw readError(error);
    }
  };
  return {
    rows,
    row: async <Row extends object>(text: string, values?: readonly unknown[]) => (await rows<Row>(text, values))[0],
    count: async (text, values) => (await rows<{ count: number | null }>(text, values))[0]?.count ?? 0,
    close: async () => {
      await Promise.all([details, lists, canceller].map((pool) => pool.end()));
    },
  };
};
