/** The part of a `Reader` that lists use. */
export interface ListDatabase {
  /**
   * The rows of one statement.
   * @param options.timeoutMillis a shorter time-out than usual: the error then has the SQLSTATE 57014, or is caused by one
   */
  rows<Row extends object>(
    text: string,
    values: readonly unknown[],
    options?: { readonly timeoutMillis?: number },
  ): Promise<readonly Row[]>;
}

/**
 * Does `work` in a transaction in which each statement is canceled (SQLSTATE 57014) after so many milliseconds.
 * @param client outside of a transaction, before and afterwards
 */
export const withStatementTimeout = async <Result>(
  client: { query(text: string): Promise<unknown> },
  timeoutMillis: number,
  work: () => Promise<Result>,
): Promise<Result> => {
  await client.query('begin');
  try {
    await client.query(`set local statement_timeout = ${Math.trunc(timeoutMillis)}`);
    return await work();
  } finally {
    // Nothing was written; this ends the transaction after an error too.
    await client.query('rollback');
  }
};
