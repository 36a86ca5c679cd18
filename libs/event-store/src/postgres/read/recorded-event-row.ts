import type { EventMetadata, RecordedEvent } from '@cyborgbackup/kernel';

/** A row of the log as node-pg hands it out: bigint as text, json parsed. */
export interface RecordedEventRow {
  readonly position: string;
  readonly stream: string;
  readonly version: number;
  readonly id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly data: unknown;
  readonly metadata: EventMetadata;
  readonly hash: string;
}

export const EVENT_COLUMNS = `position, stream, version, id, type, schema_version, data, metadata, encode(hash, 'hex') as hash`;

/** As `EVENT_COLUMNS`, but without the content of events for which the condition does not hold. */
export const eventColumnsWhere = (condition: string): string => {
  const wanted = (column: string): string => `case when ${condition} then ${column} end as ${column}`;
  return `position, stream, version, id, type, schema_version, ${wanted('data')}, ${wanted('metadata')}, encode(hash, 'hex') as hash`;
};

export const toRecordedEvent = ({ schema_version, position, ...row }: RecordedEventRow): RecordedEvent => ({
  ...row,
  schemaVersion: schema_version,
  position: BigInt(position),
});
