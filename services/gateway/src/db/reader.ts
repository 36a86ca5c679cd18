import { APP_ROLE, inTransaction, openPool } from '@cyborgbackup/database';
import { AppError, isDatabaseUnavailable, sqlState, type Logger } from '@cyborgbackup/kernel';
import pg from 'pg';
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
const CONNECTIONS = 8;

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
 * neither changes data nor takes connections away from the services that append events.
 * @param base whose database and login they use
 */
export const createReader = (base: pg.Pool, logger: Logger): Reader => {
  const pool = openPool(
    {
      ...base.options,
      options: `-c role=${APP_ROLE} -c default_transaction_read_only=on -c statement_timeout=${STATEMENT_MILLIS}`,
      application_name: 'cyborgbackup-gateway-read',
      max: CONNECTIONS,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 30_000,
    },
    logger,
  );
  const rows: Reader['rows'] = async <Row extends object>(
    text: string,
    values: readonly unknown[] = [],
    { timeoutMillis }: { readonly timeoutMillis?: number } = {},
  ) => {
    const query = { text, values: [...values], types };
    try {
      if (timeoutMillis === undefined) return (await pool.query<Row>(query)).rows;
      const client = await pool.connect();
      try {
        return await inTransaction(client, async () => {
          await client.query(`set local statement_timeout = ${timeoutMillis}`);
          return (await client.query<Row>(query)).rows;
        });
      } finally {
        client.release();
      }
    } catch (error) {
      throw readError(error);
    }
  };
  return {
    rows,
    row: async <Row extends object>(text: string, values?: readonly unknown[]) => (await rows<Row>(text, values))[0],
    count: async (text, values) => (await rows<{ count: number | null }>(text, values))[0]?.count ?? 0,
    close: () => pool.end(),
  };
};
