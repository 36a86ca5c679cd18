import type { RecordedEvent } from '@cyborgbackup/kernel';
import type { ClientBase } from 'pg';
import { quoteIdentifier } from '../define/identifier.ts';
import type { Projection, ProjectionStep, StepTarget } from '../define/projection.ts';
import type { ReadModel } from '../define/read-model.ts';
import type { Change } from '../define/table-changes.ts';
import { isPoison, poisonedBy, PoisonEventError } from './poison-event.ts';
import { createTableFold, type TableFold } from './table-fold.ts';
import { createTableStore, type TableStore } from './table-store.ts';

/** All tables of a projection in one schema, on one connection: events go in, bulk writes come out. */
export interface ProjectionFold {
  /**
   * Loads the rows that these events touch and folds them, in order. Writes nothing.
   * @throws PoisonEventError when a handler or fold fails; the rows in memory are then worthless, so `forget` them
   */
  apply(events: readonly RecordedEvent[]): Promise<void>;
  /** True when one of these events has a step: then call `applyInOrder` in a transaction, rather than `apply` and `write`. */
  hasStep(events: readonly RecordedEvent[]): boolean;
  /**
   * Folds, writes and steps events in order, in the caller's transaction. Before a step all folded rows are written and
   * forgotten, since the step may look at them and change them.
   * @throws PoisonEventError
   */
  applyInOrder(events: readonly RecordedEvent[]): Promise<void>;
  /** True when something is to be written. */
  hasWrites(): boolean;
  /** Writes what changed; the transaction is the caller's. Then call `forget` or `evict`, once it is committed. */
  write(): Promise<void>;
  forget(): void;
  /** Forgets whole tables until the rest takes at most this much: first those that are never read again, then the largest. */
  evict(maxBytes: number): void;
  /** Roughly what the rows in memory take. */
  bytes(): number;
  /** Tables whose rows were looked for by something else than their key. */
  tablesMatched(): ReadonlySet<string>;
}

interface Table {
  readonly model: ReadModel;
  readonly fold: TableFold;
  readonly store: TableStore;
}

interface EventChanges {
  readonly event: RecordedEvent;
  readonly changes: readonly Change[];
}

const applyTo = async ({ model, fold, store }: Table, events: readonly RecordedEvent[]): Promise<void> => {
  const window = fold.window();
  const pending: EventChanges[] = [];
  for (const event of events) {
    if (!model.eventTypes.has(event.type)) continue;
    const changes = poisonedBy(event, () => model.changesOf(event));
    if (window) poisonedBy(event, () => changes.forEach(window.request));
    pending.push({ event, changes });
  }
  await window?.loadRequested(store.load);
  for (const { event, changes } of pending) poisonedBy(event, () => changes.forEach(fold.apply));
};

const stepOf = ({ steps = {} }: Projection, type: string): ProjectionStep | undefined =>
  Object.hasOwn(steps, type) ? steps[type] : undefined;

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

/** `empty`: the tables are known to be empty, so nothing need be loaded until the first `forget`. */
export const createProjectionFold = (options: {
  readonly client: ClientBase;
  readonly schema: string;
  readonly projection: Projection;
  readonly empty: boolean;
}): ProjectionFold => {
  const { client, schema, projection, empty } = options;
  const tables = projection.models.map((model): Table => ({
    model,
    fold: createTableFold(model, empty),
    store: createTableStore(client, schema, model),
  }));
  const bytes = (): number => tables.reduce((sum, { fold }) => sum + fold.bytes(), 0);
  const cost = ({ fold }: Table): number => (fold.isReread() ? 1 / fold.bytes() : 0);

  const apply = async (events: readonly RecordedEvent[]): Promise<void> => {
    for (const table of tables) await applyTo(table, events);
  };
  const write = async (): Promise<void> => {
    for (const { fold, store } of tables) await store.write(fold.writes());
  };
  const forget = (): void => tables.forEach(({ fold }) => fold.forget());

  return {
    apply,
    hasStep: (events) => events.some(({ type }) => stepOf(projection, type) !== undefined),
    applyInOrder: async (events) => {
      for (const segment of segmentsOf(projection, events)) {
        await apply(segment);
        await write();
        forget();
        const last = segment.at(-1);
        if (last) await runStep(projection, { client, schema: quoteIdentifier(schema) }, last);
      }
    },
    hasWrites: () => tables.some(({ fold }) => fold.hasWrites()),
    write,
    forget,
    evict: (maxBytes) => {
      for (const { fold } of tables.toSorted((a, b) => cost(a) - cost(b))) {
        if (bytes() > maxBytes) fold.forget();
        else fold.markWritten();
      }
    },
    bytes,
    tablesMatched: () => new Set(tables.filter(({ fold }) => fold.isMatched()).map(({ model }) => model.table)),
  };
};
