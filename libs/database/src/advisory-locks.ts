import type { ClientBase } from 'pg';

/**
 * The first key of each advisory lock; the second is a hash of what is locked. Every lock of two keys is listed here, so that
 * no two uses share a class. Locks of one 64-bit key belong to the event store alone: its readers take each of them whose
 * upper 16 bits are 0x4342 for a running writer (see `0002-append.sql` there).
 */
export const ADVISORY_LOCKS = {
  /** A schema that is being migrated. */
  schema: 0x4342_4d47,
  /** A projection whose tables are being made. */
  projection: 0x4342_5052,
  /** A sequence that hands out a block of ids. */
  idSequence: 0x4342_4944,
  /** Writes of the inventory that look at more than one stream. */
  inventory: 0x4342_494e,
  /** A launch that looks at what other runs are doing. */
  launch: 0x4342_4c4e,
  /** A NATS that processes use, by its identity: each holds it for as long as it runs. */
  bus: 0x4342_4255,
  /** A process that looks which NATS the others use, before it starts. */
  busChoice: 0x4342_4243,
  /** A table whose index for searches is being made. */
  searchIndex: 0x4342_5452,
} as const;

export type AdvisoryLock = keyof typeof ADVISORY_LOCKS;

/** Waits for the lock and holds it until the client's transaction ends. A lost connection gives it back. */
export const lockUntilCommit = async (client: ClientBase, lock: AdvisoryLock, subject: string): Promise<void> => {
  await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [ADVISORY_LOCKS[lock], subject]);
};
