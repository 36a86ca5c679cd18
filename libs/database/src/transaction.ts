import type { ClientBase } from 'pg';

/** One transaction around `work`: committed when it resolves, rolled back when it fails. */
export const inTransaction = async <T>(client: ClientBase, work: () => Promise<T>): Promise<T> => {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection that broke has rolled back already; the first error is the one to report.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
};
