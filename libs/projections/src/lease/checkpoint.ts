import type { EventStore } from '@cyborgbackup/event-store';
import type { ClientBase, Pool } from 'pg';

export interface Checkpoint {
  /** Of the projection's code that wrote the tables. */
  readonly version: number;
  /** The last position whose events are in the tables. */
  readonly position: bigint;
  /** Of the event there; null where it was not noted. */
  readonly hash: string | null;
}

/** Whether the log still has what the tables hold. It has not when it, but not the tables, came from an older copy. */
export const fitsLog = async (
  store: Pick<EventStore, 'hashAt'>,
  { position, hash }: Pick<Checkpoint, 'position' | 'hash'>,
): Promise<boolean> => {
  const found = await store.hashAt(position);
  return found !== undefined && (hash === null || hash === found);
};

/** This owner's lease is gone: another one writes now. */
export class FencedOutError extends Error {
  override readonly name = 'FencedOutError';

  constructor(name: string) {
    super(`Another process has taken over projection ${name}`);
  }
}

/** Undefined when the projection was never installed. */
export const readCheckpoint = async (db: ClientBase | Pool, name: string): Promise<Checkpoint | undefined> => {
  const { rows } = await db.query<Omit<Checkpoint, 'position'> & { readonly position: string }>(
    'SELECT version, position::text, hash FROM projections.checkpoints WHERE name = $1',
    [name],
  );
  const [row] = rows;
  return row && { ...row, position: BigInt(row.position) };
};

/** Makes the checkpoint where there is none. */
export const installCheckpoint = async (db: ClientBase | Pool, name: string, version: number): Promise<void> => {
  await db.query('INSERT INTO projections.checkpoints (name, version) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    name,
    version,
  ]);
};

/** Positions by name; a projection that was never installed is not among them. */
export const readPositions = async (db: ClientBase | Pool): Promise<ReadonlyMap<string, bigint>> => {
  const { rows } = await db.query<{ readonly name: string; readonly position: string }>({
    name: 'projections-positions',
    text: 'SELECT name, position::text FROM projections.checkpoints',
  });
  return new Map(rows.map(({ name, position }) => [name, BigInt(position)]));
};

/**
 * Moves a checkpoint on, in the caller's transaction if there is one. Also the guard of that transaction: it fails unless
 * this owner is still the owner and no other process has written since.
 * @throws FencedOutError
 */
export const advanceCheckpoint = async (
  client: ClientBase,
  move: {
    readonly name: string;
    readonly fence: bigint;
    readonly from: bigint;
    readonly to: Pick<Checkpoint, 'position' | 'hash'>;
  },
): Promise<void> => {
  const { rowCount } = await client.query({
    name: 'projections-advance',
    text: `UPDATE projections.checkpoints SET position = $4, hash = $5, updated_at = clock_timestamp()
           WHERE name = $1 AND fence = $2 AND position = $3`,
    values: [move.name, move.fence, move.from, move.to.position, move.to.hash],
  });
  if (rowCount !== 1) throw new FencedOutError(move.name);
};

type CheckpointListener = (name: string, position: bigint) => void;

const listeners = new Set<CheckpointListener>();

/**
 * Calls the listener whenever a projection of this process has advanced, so that a caller that waits for it need not poll.
 * This is only a hint: the projection may run in another process, and the checkpoint table alone says where it is.
 * @returns how to stop listening
 */
export const listenForCheckpoints = (listener: CheckpointListener): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Tells this process's listeners, after the commit. */
export const notifyCheckpoint: CheckpointListener = (name, position) => {
  for (const listener of listeners) listener(name, position);
};
