import type { Logger } from '@cyborgbackup/kernel';
import pg from 'pg';

/**
 * A pool of connections that may be lost at any time. `pg` tells of a loss by an event as well, which without a listener ends
 * the process: the pool hears those of idle connections, and of one that is in use the statement tells, this or the next.
 */
export const openPool = (config: pg.PoolConfig, logger: Logger): pg.Pool => {
  const pool = new pg.Pool(config);
  pool.on('error', (error) => logger.warn({ reason: error.message }, 'an idle database connection was lost'));
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
};
