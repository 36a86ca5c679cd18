import type { DomainEvent, RecordedEvent } from '@cyborgbackup/kernel';
import { poisonedBy } from './poison-event.ts';
import type { ReadModel } from '../define/read-model.ts';
import { createTableFold } from './table-fold.ts';

/** An event of which only type and data are said, or more where a fold looks at more. */
export type PartialEvent = DomainEvent & Partial<RecordedEvent>;

/** What a given event does not say: numbered from 1, all at the same moment. */
const recordedAs = (event: PartialEvent, number: number): RecordedEvent => ({
  id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  schemaVersion: 1,
  stream: 'given',
  version: number,
  position: BigInt(number),
  hash: '',
  metadata: {
    actor: { kind: 'system', id: 'given' },
    correlationId: 'given',
    causationId: 'given',
    occurredAt: '2026-01-01T00:00:00.000000Z',
  },
  ...event,
});

/**
 * The rows of one table after a history of events, in memory: what a projection does, without a database. Rows come in
 * the order in which they were first written. For given/when/then tests of read models.
 *
 * @example
 * expect(foldEvents(hosts, [{ type: 'host-registered', data: { id, name: 'a' } }])).toEqual([{ id, name: 'a' }]);
 * @throws PoisonEventError when a handler or fold fails
 */
export const foldEvents = <Row extends object>(
  model: ReadModel<Row>,
  events: readonly PartialEvent[],
): readonly Row[] => {
  const fold = createTableFold(model, true);
  events.forEach((given, index) => {
    const event = recordedAs(given, index + 1);
    poisonedBy(event, () => model.changesOf(event).forEach(fold.apply));
  });
  const rows: Row[] = [];
  for (const row of fold.rows()) if (model.isRow(row)) rows.push(row);
  return rows;
};
