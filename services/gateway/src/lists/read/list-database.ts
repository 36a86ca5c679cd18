/** What lists read from. A `Reader` is one. */
export interface ListDatabase {
  /**
   * The rows of one statement.
   * @param options.timeoutMillis gives up sooner than usual: the error then has the SQLSTATE 57014, or is caused by one
   */
  rows<Row extends object>(
    text: string,
    values: readonly unknown[],
    options?: { readonly timeoutMillis?: number },
  ): Promise<readonly Row[]>;
}

interface TransactionClient {
  query(text: string): Promise<unknown>;
}

/**
 * Does `work` in a transaction whose statements are given up (SQLSTATE 57014) after so many milliseconds each.
 * @param client in no transaction yet, and in none afterwards
 */
export const withStatementTimeout = async <Result>(
  client: TransactionClient,
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
