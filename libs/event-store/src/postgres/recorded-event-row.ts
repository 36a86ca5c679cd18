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

export const toRecordedEvent = ({ schema_version, position, ...row }: RecordedEventRow): RecordedEvent => ({
  ...row,
  schemaVersion: schema_version,
  position: BigInt(position),
});
