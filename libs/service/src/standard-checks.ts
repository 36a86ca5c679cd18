import { clocksOf, clockTrouble } from '@cyborgbackup/database';
import { messageOf } from '@cyborgbackup/kernel';
import { leaseTrouble, parkedCount, projectionTrouble, type KnownProjection } from '@cyborgbackup/projections';
import type { Check } from './running-service.ts';
import type { KeylessDeps } from './service-deps.ts';

/** Ready unless there is trouble; it may have been too much trouble to ask. */
const check = async (name: string, trouble: Promise<string | undefined>): Promise<Check> => {
  const detail = await trouble.catch(messageOf);
  return detail === undefined ? { name, ready: true } : { name, ready: false, detail };
};

const databaseTrouble = async ({ pool, store }: KeylessDeps): Promise<string | undefined> => {
  const { rows } = await pool.query<{ readonly isReadOnly: boolean }>(
    `select pg_is_in_recovery() or current_setting('transaction_read_only')::bool as "isReadOnly"`,
  );
  if (rows[0]?.isReadOnly) return 'PostgreSQL takes no writes: it is a standby, or was made read-only.';
  return store.writeTrouble();
};

const natsTrouble = ({ connection, busTrouble }: KeylessDeps): string | undefined =>
  connection.isConnected() ? busTrouble() : 'NATS is away; it is being reconnected to.';

/** A parked event does not make a service unready (it would never be ready again), but everybody should see it. */
const parkedEvents = async ({ pool }: KeylessDeps): Promise<Check> => {
  const name = 'parked events';
  try {
    const count = await parkedCount(pool);
    const detail = `${count} events could not be folded: see the table projections.parked_events.`;
    return { name, ready: true, ...(count > 0 ? { detail } : {}) };
  } catch (error) {
    return { name, ready: false, detail: messageOf(error) };
  }
};

interface Watched {
  /** That somebody has to keep up to date. */
  readonly projections?: readonly KnownProjection[];
  /** What somebody has to do, by the name of its lease. */
  readonly leases?: readonly string[];
}

/** Database, clock, NATS, and what this service cannot do without. */
export const standardChecks = (
  deps: KeylessDeps,
  { projections = [], leases = [] }: Watched = {},
): Promise<readonly Check[]> =>
  Promise.all([
    check('postgres', databaseTrouble(deps)),
    check('clock', clockTrouble(clocksOf(deps.pool))),
    check('nats', Promise.resolve(natsTrouble(deps))),
    ...projections.map((projection) => check(`projection ${projection.name}`, projectionTrouble(deps, projection))),
    ...leases.map((lease) => check(lease, leaseTrouble(deps.pool, lease))),
    ...(projections.length > 0 ? [parkedEvents(deps)] : []),
  ]);
