import type { RecordedEvent } from '@cyborgbackup/kernel';
import { poisonedBy } from './poison-event.ts';
import type { ReadModel } from './read-model.ts';
import { createTableFold } from './table-fold.ts';

/**
 * The rows of one table after a history of events, in memory: what a projection does, without a database. Rows come in
 * the order in which they were first written. For given/when/then tests of read models.
 * @throws PoisonEventError when a handler or fold fails
 */
export const foldEvents = <Row extends object>(
  model: ReadModel<Row>,
  events: readonly RecordedEvent[],
): readonly Row[] => {
  const fold = createTableFold(model, { wholeTable: true });
  for (const event of events) poisonedBy(event, () => model.changesOf(event).forEach(fold.apply));
  const rows: Row[] = [];
  for (const row of fold.rows()) if (model.isRow(row)) rows.push(row);
  return rows;
};
