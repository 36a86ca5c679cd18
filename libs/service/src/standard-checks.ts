import { clocksOf, clockTrouble } from '@cyborgbackup/database';
import { messageOf } from '@cyborgbackup/kernel';
import { parkedCount, readPositions } from '@cyborgbackup/projections';
import type { Check } from './running-service.ts';
import type { ServiceDeps } from './service-deps.ts';

const failed = (name: string, error: unknown): Check => ({ name, ready: false, detail: messageOf(error) });

const databaseChecks = async ({ pool }: ServiceDeps): Promise<readonly Check[]> => {
  try {
    const trouble = await clockTrouble(clocksOf(pool));
    return [
      { name: 'postgres', ready: true },
      { name: 'clock', ready: trouble === undefined, ...(trouble === undefined ? {} : { detail: trouble }) },
    ];
  } catch (error) {
    return [failed('postgres', error)];
  }
};

const natsCheck = ({ connection }: ServiceDeps): Check =>
  connection.isConnected()
    ? { name: 'nats', ready: true }
    : { name: 'nats', ready: false, detail: 'NATS is away; it is being reconnected to.' };

/** A parked event does not make a service unready (it would never be ready again), but everybody should see it. */
const projectionChecks = async ({ pool }: ServiceDeps, projections: readonly string[]): Promise<readonly Check[]> => {
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
  deps: ServiceDeps,
  projections: readonly string[] = [],
): Promise<readonly Check[]> => [
  ...(await databaseChecks(deps)),
  natsCheck(deps),
  ...(await projectionChecks(deps, projections)),
];
