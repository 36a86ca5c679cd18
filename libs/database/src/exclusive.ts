import { InfrastructureError, createKeyedQueue, sqlState } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';
import { lockUntilCommit, type AdvisoryLock } from './advisory-locks.ts';

/**
 * Runs work that nothing else in this database may do at the same time, in any process. Sections must not be nested.
 * @throws AppError `unavailable` when the section stays taken for three seconds
 */
export type Exclusive = <T>(section: string, work: () => Promise<T>) => Promise<T>;

export interface ExclusiveOptions {
  readonly pool: Pool;
  readonly lock: AdvisoryLock;
  /** What a caller is told who waited in vain. */
  readonly busyMessage: string;
  /**
   * True: this process does one piece of work at a time, whatever the section. Each holds one connection and its work needs
   * more: with many sections at once the holders would wait for each other's connections. The wait in this process is then
   * not limited, only that for the database's lock is. Default: false.
   */
  readonly oneAtATime?: boolean;
}

const WAIT_MILLIS = 3_000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Callers of one process queue first come, first served, so that those who wait hold no connection: the one who works needs
 * some of the same pool. The first of each process then waits for the database's advisory lock, which an open transaction
 * holds: a lost connection gives it back.
 */
export const createExclusive = ({ pool, lock, busyMessage, oneAtATime = false }: ExclusiveOptions): Exclusive => {
  const queue = createKeyedQueue();
  const busy = (cause?: unknown): InfrastructureError => new InfrastructureError('unavailable', busyMessage, { cause });

  const runLocked = async <T>(section: string, work: () => Promise<T>, millis: number): Promise<T> => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query("select set_config('lock_timeout', $1, true)", [`${millis}ms`]);
      await lockUntilCommit(client, lock, section).catch((error: unknown) => {
        throw sqlState(error) === LOCK_NOT_AVAILABLE ? busy(error) : error;
      });
      return await work();
    } finally {
      await client.query('rollback').then(
        () => client.release(),
        () => client.release(true),
      );
    }
  };

  return (section, work) => {
    if (oneAtATime) return queue('', () => runLocked(section, work, WAIT_MILLIS));
    const deadline = Date.now() + WAIT_MILLIS;
    return queue(section, () => runLocked(section, work, Math.max(1, deadline - Date.now())), {
      waitMillis: WAIT_MILLIS,
      timedOut: busy,
    });
  };
};
