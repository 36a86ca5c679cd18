import { messageOf } from '@cyborgbackup/kernel';
import { parkedCount, readPositions } from '@cyborgbackup/projections';
import type { Check } from './running-service.ts';
import type { KeylessDeps } from './service-deps.ts';

const failed = (name: string, error: unknown): Check => ({ name, ready: false, detail: messageOf(error) });

const databaseCheck = async ({ pool }: KeylessDeps): Promise<Check> =>
  pool.query('select 1').then(
    () => ({ name: 'postgres', ready: true }),
    (error: unknown) => failed('postgres', error),
  );

const natsCheck = ({ connection }: KeylessDeps): Check =>
  connection.isConnected()
    ? { name: 'nats', ready: true }
    : { name: 'nats', ready: false, detail: 'NATS is away; it is being reconnected to.' };

/** A parked event does not make a service unready (it would never be ready again), but everybody should see it. */
const projectionChecks = async ({ pool }: KeylessDeps, projections: readonly string[]): Promise<readonly Check[]> => {
  try {
    const [positions, parked] = await Promise.all([readPositions(pool), parkedCount(pool)]);
    const detail =
      parked > 0 ? `${parked} events could not be folded: see the table projections.parked_events.` : undefined;
    return projections.map((projection) => ({
      name: `projection ${projection}`,
      ready: positions.has(projection),
      ...(detail ? { detail } : {}),
    }));
  } catch (error) {
    return [failed('projections', error)];
  }
};

/** Database, NATS and the service's own projections. */
export const standardChecks = async (
  deps: KeylessDeps,
  projections: readonly string[] = [],
): Promise<readonly Check[]> => [
  await databaseCheck(deps),
  natsCheck(deps),
  ...(await projectionChecks(deps, projections)),
];
