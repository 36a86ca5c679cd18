import type { RecordedEvent } from '@cyborgbackup/kernel';
import type { ClientBase } from 'pg';
import { quoteIdentifier } from '../define/identifier.ts';
import { isPoison, PoisonEventError } from './poison-event.ts';
import type { ProjectionFold } from './projection-fold.ts';
import type { Projection, ProjectionStep, StepTarget } from '../define/projection.ts';

const stepOf = ({ steps = {} }: Projection, type: string): ProjectionStep | undefined =>
  Object.hasOwn(steps, type) ? steps[type] : undefined;

export const hasStep = (projection: Projection, events: readonly RecordedEvent[]): boolean =>
  events.some(({ type }) => stepOf(projection, type) !== undefined);

/** Events up to and with one that has a step. */
const segmentsOf = (projection: Projection, events: readonly RecordedEvent[]): RecordedEvent[][] => {
  const segments: RecordedEvent[][] = [[]];
  for (const event of events) {
    segments.at(-1)?.push(event);
    if (stepOf(projection, event.type)) segments.push([]);
  }
  return segments.filter((segment) => segment.length > 0);
};

const runStep = async (projection: Projection, target: StepTarget, event: RecordedEvent): Promise<void> => {
  try {
    await stepOf(projection, event.type)?.(target, event);
  } catch (error) {
    throw isPoison(error) || error instanceof TypeError || error instanceof RangeError
      ? new PoisonEventError(event, error)
      : error;
  }
};

/**
 * Folds and steps events in order, in the caller's transaction. Before a step all folded rows are written and forgotten,
 * since the step may look at them and change them.
 * @throws PoisonEventError
 */
export const applyInOrder = async (
  {
    client,
    schema,
    projection,
    fold,
  }: {
    readonly client: ClientBase;
    readonly schema: string;
    readonly projection: Projection;
    readonly fold: ProjectionFold;
  },
  events: readonly RecordedEvent[],
): Promise<void> => {
  const target = { client, schema: quoteIdentifier(schema) };
  for (const segment of segmentsOf(projection, events)) {
    await fold.apply(segment);
    await fold.write();
    fold.forget();
    const last = segment.at(-1);
    if (last) await runStep(projection, target, last);
  }
};
