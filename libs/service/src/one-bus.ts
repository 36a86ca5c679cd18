import { ADVISORY_LOCKS, inTransaction, lockUntilCommit, readSql } from '@cyborgbackup/database';
import { AppError, delay, messageOf, settledWithin, type Logger } from '@cyborgbackup/kernel';
import pg from 'pg';

/**
 * Processes that share a database share one NATS, or else jobs that one of them queues are never seen by the executors of others, and
 * an executor that is asked whether it works on a job does not hear it. So each process holds a lock in the database that is named
 * after its NATS, on a connection of its own: a lock of another name is a living process on another NATS. PostgreSQL gives the
 * lock back when the process ends, however that happens.
 */
export interface OneBus {
  /** In one sentence, when processes on another NATS have been seen for a while. */
  trouble(): string | undefined;
  close(): Promise<void>;
}

export interface OneBusOptions {
  readonly databaseUrl: string;
  /** How others are told of this process. */
  readonly name: string;
  /** Of the NATS that is used; undefined while it cannot be told. */
  readonly identity: () => Promise<string | undefined>;
  readonly logger: Logger;
  /** How long others may take to end, or to notice that all have another NATS now. */
  readonly patienceMillis?: number;
  readonly lookMillis?: number;
}

/** More than it takes PostgreSQL to notice that the host of a process was switched off, see `KEEP_ALIVE`. */
const PATIENCE_MILLIS = 20_000;
const LOOK_MILLIS = 5_000;
const RETRY_MILLIS = 500;
const TIMEOUT_MILLIS = 10_000;
const CLOSE_MILLIS = 2_000;
/** PostgreSQL gives up a silent connection after 5 + 3 * 3 s; by its own settings that can be two hours. */
const KEEP_ALIVE = '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3';
/** PostgreSQL cuts longer ones. */
const MAX_NAME = 63;
const NAME_PREFIX = 'bus of ';

const OTHERS = readSql(new URL('./other-buses.sql', import.meta.url));

const sentenceOf = (others: readonly string[]): string =>
  `Another control plane works on this database with another NATS (${others.join(', ')}): stop it, or give all processes ` +
  `the same NATS_URL, since those that share a database have to share their NATS.`;

/** The lock of this process, on a connection that is replaced when it is lost. */
const createBusLock = ({ databaseUrl, name }: Pick<OneBusOptions, 'databaseUrl' | 'name'>) => {
  let session: { readonly client: pg.Client; held: string | undefined } | undefined;

  const close = async (): Promise<void> => {
    const closing = session?.client;
    session = undefined;
    // A connection that nobody answers any more does not end either.
    if (closing) await settledWithin(closing.end(), CLOSE_MILLIS);
  };

  const open = async (): Promise<NonNullable<typeof session>> => {
    if (session) return session;
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: `${NAME_PREFIX}${name}`.slice(0, MAX_NAME),
      options: KEEP_ALIVE,
      connectionTimeoutMillis: TIMEOUT_MILLIS,
      query_timeout: TIMEOUT_MILLIS,
      keepAlive: true,
    });
    client.on('error', () => {
      if (session?.client === client) session = undefined;
    });
    await client.connect();
    return (session = { client, held: undefined });
  };

  const othersThan = async (client: pg.Client, bus: string): Promise<readonly string[]> => {
    const { rows } = await client.query<{ readonly name: string }>(OTHERS, [ADVISORY_LOCKS.bus, bus]);
    return rows.map((row) => row.name.replace(NAME_PREFIX, ''));
  };

  const take = async (client: pg.Client, bus: string): Promise<void> => {
    await client.query('select pg_advisory_lock_shared($1, hashtext($2))', [ADVISORY_LOCKS.bus, bus]);
  };

  return {
    close,
    /** Takes the lock unless others have another bus. One process at a time does so. @returns the others */
    join: async (bus: string): Promise<readonly string[]> => {
      const one = await open();
      return inTransaction(one.client, async () => {
        await lockUntilCommit(one.client, 'busChoice', '');
        const others = await othersThan(one.client, bus);
        if (others.length === 0) {
          await take(one.client, bus);
          one.held = bus;
        }
        return others;
      });
    },
    /** Holds the lock, whatever others have. @returns the others */
    hold: async (bus: string): Promise<readonly string[]> => {
      const one = await open();
      const former = one.held;
      if (former !== bus) {
        await take(one.client, bus);
        one.held = bus;
        if (former !== undefined)
          await one.client.query('select pg_advisory_unlock_shared($1, hashtext($2))', [ADVISORY_LOCKS.bus, former]);
      }
      return othersThan(one.client, bus);
    },
  };
};

type BusLock = ReturnType<typeof createBusLock>;

/** @throws AppError `conflict` when others do not go away */
const joinBus = async (
  lock: BusLock,
  bus: string,
  { logger, patienceMillis = PATIENCE_MILLIS }: Pick<OneBusOptions, 'logger' | 'patienceMillis'>,
): Promise<void> => {
  let isWaiting = false;
  const givesUpAt = performance.now() + patienceMillis;
  for (;;) {
    const others = await lock.join(bus);
    if (others.length === 0) return;
    if (performance.now() >= givesUpAt) throw new AppError('conflict', sentenceOf(others));
    if (!isWaiting) logger.warn({ others }, 'waits for processes to end that use this database with another NATS');
    isWaiting = true;
    await delay(RETRY_MILLIS);
  }
};

/**
 * Refuses to go on while processes live that use this database with another NATS. A NATS that loses its storage becomes another
 * one: all that are connected to it notice, and follow.
 * @throws AppError `conflict` with what to do
 */
export const useOneBus = async (options: OneBusOptions): Promise<OneBus> => {
  const { identity, logger, patienceMillis = PATIENCE_MILLIS, lookMillis = LOOK_MILLIS } = options;
  const lock = createBusLock(options);
  let known = await identity();
  try {
    if (known !== undefined) await joinBus(lock, known, options);
  } catch (error) {
    await lock.close();
    throw error;
  }
  let seen: { readonly others: readonly string[]; readonly since: number } | undefined;
  const stop = new AbortController();

  const look = async (): Promise<void> => {
    known = (await identity()) ?? known;
    if (known === undefined) return;
    const others = await lock.hold(known);
    if (others.length > 0 && !seen) logger.warn({ others }, 'processes on another NATS use the same database');
    seen = others.length > 0 ? { others, since: seen?.since ?? performance.now() } : undefined;
  };
  const watch = async (): Promise<void> => {
    for (;;) {
      await delay(lookMillis, stop.signal);
      if (stop.signal.aborted) return;
      try {
        await look();
      } catch (error) {
        logger.warn({ reason: messageOf(error) }, 'it cannot be told whether other processes use the same NATS');
        await lock.close();
      }
    }
  };
  const watched = watch();

  return {
    trouble: () => (seen && performance.now() - seen.since >= patienceMillis ? sentenceOf(seen.others) : undefined),
    close: async () => {
      stop.abort();
      await watched;
      await lock.close();
    },
  };
};
