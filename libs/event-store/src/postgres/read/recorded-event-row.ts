import type { RecordedEvent } from '@cyborgbackup/kernel';
import { fromColumns, OCCURRED_AT, type MetadataColumns } from '../metadata-columns.ts';

/** A row of the log with the name of its stream, as node-pg hands it out: bigint as text, json parsed. */
export interface RecordedEventRow extends MetadataColumns {
  readonly position: string;
  readonly stream: string;
  readonly version: number;
  readonly id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly data: unknown;
  readonly hash: string;
}

const NAMES = `position, stream, l.version, l.id, type, schema_version, actor, correlation, encode(hash, 'hex') as hash`;

/** Of `events.log l` and its row of `events.streams`. */
export const EVENT_COLUMNS = `${NAMES}, ${OCCURRED_AT} as occurred_at, metadata, data`;

/** As `EVENT_COLUMNS`, but without what costs something, of events for which the condition does not hold. */
export const eventColumnsWhere = (condition: string): string =>
  `${NAMES}, case when ${condition} then ${OCCURRED_AT} end as occurred_at, metadata,
   case when ${condition} then data end as data`;

export const toRecordedEvent = ({
  schema_version,
  position,
  actor,
  correlation,
  occurred_at,
  metadata,
  ...row
}: RecordedEventRow): RecordedEvent => ({
  ...row,
  metadata: fromColumns({ actor, correlation, occurred_at, metadata }),
  schemaVersion: schema_version,
  position: BigInt(position),
});
