import type { RecordedEvent } from '@cyborgbackup/kernel';
import type { ClientBase, Pool } from 'pg';

/** An event that a projection could not digest and has gone past. A rebuild with code that can clears it. */
export interface ParkedEvent {
  readonly projection: string;
  readonly position: bigint;
  readonly stream: string;
  readonly type: string;
  readonly error: string;
}

export const parkEvent = async (
  client: ClientBase,
  { projection, event, error }: { readonly projection: string; readonly event: RecordedEvent; readonly error: string },
): Promise<void> => {
  await client.query(
    `INSERT INTO projections.parked_events (projection, position, stream, type, error) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (projection, position) DO UPDATE SET error = excluded.error, parked_at = clock_timestamp()`,
    [projection, event.position, event.stream, event.type, error],
  );
};

/** How many events are parked over all projections; anything but 0 needs an administrator's attention. */
export const parkedCount = async (db: ClientBase | Pool): Promise<number> => {
  const { rows } = await db.query<{ readonly count: number }>(
    'SELECT count(*)::int AS count FROM projections.parked_events',
  );
  return rows[0]?.count ?? 0;
};

/** The parked events of one projection by position. */
export const listParked = async (db: ClientBase | Pool, projection: string): Promise<readonly ParkedEvent[]> => {
  const { rows } = await db.query<Omit<ParkedEvent, 'position'> & { readonly position: string }>(
    `SELECT projection, position::text, stream, type, error FROM projections.parked_events
      WHERE projection = $1 ORDER BY parked_events.position`,
    [projection],
  );
  return rows.map((row) => ({ ...row, position: BigInt(row.position) }));
};
