import { catalogProjection } from '@cyborgbackup/catalog';
import { executorProjection } from '@cyborgbackup/executor';
import { inventoryProjection } from '@cyborgbackup/inventory';
import { AppError, type Logger } from '@cyborgbackup/kernel';
import { compareProjection, listParked, rebuildProjection, type Projection } from '@cyborgbackup/projections';
import { schedulerProjection } from '@cyborgbackup/scheduler';
import type { ServiceLog } from '@cyborgbackup/service';
import { randomUUID } from 'node:crypto';
import type { Found } from './found.ts';

export const PROJECTIONS: readonly Projection[] = [
  inventoryProjection,
  schedulerProjection,
  executorProjection,
  catalogProjection,
];
const NAMES = PROJECTIONS.map(({ name }) => name).join(', ');

/** The projection of that name, which is also that of the service which owns it. @throws AppError `validation` for another one */
export const findProjection = (name: string): Projection => {
  const found = PROJECTIONS.find((projection) => projection.name === name);
  if (!found) throw new AppError('validation', `There is no read model "${name}": give one of ${NAMES}.`);
  return found;
};

export interface ReadModelTool {
  readonly log: ServiceLog;
  readonly projection: Projection;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const optionsOf = ({ log, ...tool }: ReadModelTool) => ({ ...log, ...tool, owner: `tools-${randomUUID()}` });

/** Makes the tables anew from the log, and puts them in the place of the live ones. Parked events are tried once more. */
export const rebuild = async (tool: ReadModelTool): Promise<Found> => {
  const { name } = tool.projection;
  if (!(await rebuildProjection(optionsOf(tool))))
    throw new AppError('conflict', `Another process is rebuilding or comparing ${name}: try again afterwards.`);
  const parked = (await listParked(tool.log.pool, name)).length;
  const rest = parked === 0 ? '' : ` ${parked} events are parked still: see "parked ${name}".`;
  return { isGood: parked === 0, text: `${name} is rebuilt.${rest}`, facts: { rebuilt: name, parked } };
};

/** Replays the log beside the live tables, which stay as they are, and tells what a rebuild would change. */
export const compare = async (tool: ReadModelTool): Promise<Found> => {
  const { name } = tool.projection;
  const { rows, parked, differences, position } = await compareProjection(optionsOf(tool));
  const isGood = differences.length === 0 && parked === 0;
  const lines = differences.map(
    ({ table, live, rebuilt }) => `${table}: is ${live ?? 'missing'}, would be ${rebuilt ?? 'missing'}`,
  );
  const head = `${name}: ${rows} rows, ${differences.length} of them differ from the log, ${parked} events are parked.`;
  return {
    isGood,
    text: [head, ...lines].join('\n'),
    facts: { compared: name, position: String(position), rows, parked, differences },
  };
};

/** Events that could not be folded: the tables go without them until a rebuild can. */
export const parked = async ({ log, projection: { name } }: ReadModelTool): Promise<Found> => {
  const events = await listParked(log.pool, name);
  const lines = events.map(({ position, type, stream, error }) => `${position} ${type} of ${stream}: ${error}`);
  const text =
    events.length === 0 ? `${name}: no event is parked.` : [...lines, `Retry them: rebuild ${name}`].join('\n');
  const facts = { parked: events.map(({ position, ...event }) => ({ position: String(position), ...event })) };
  return { isGood: events.length === 0, text, facts };
};
