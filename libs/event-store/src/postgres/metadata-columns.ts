import { AppError, canonicalJson, type Actor, type EventMetadata } from '@cyborgbackup/kernel';

/** An event's metadata as the log has it. What is the same in nearly all events takes a column; the rest is JSON, mostly `{}`. */
export interface MetadataColumns {
  /** A service's name, or `user:` and the user's uuid. */
  readonly actor: string;
  /** The nil uuid where the correlation id is no uuid; it is in `metadata` then. */
  readonly correlation: string;
  readonly occurred_at: string;
  /** A causation id that is not the correlation id, the source address. */
  readonly metadata: Partial<EventMetadata>;
}

const NIL = '00000000-0000-0000-0000-000000000000';
/** As PostgreSQL writes it: any other spelling would be hashed, but not read back. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MICROS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const USER = 'user:';

const actorText = ({ kind, id }: Actor): string => (kind === 'user' ? `${USER}${id}` : id);

const actorOf = (text: string): Actor =>
  text.startsWith(USER) ? { kind: 'user', id: text.slice(USER.length) } : { kind: 'system', id: text };

const isColumnUuid = (id: string): boolean => UUID.test(id) && id !== NIL;

/** @throws AppError `internal` for metadata that would not be read back as it was: a time or a service's name of another form */
export const toColumns = ({
  actor,
  correlationId,
  causationId,
  occurredAt,
  ...rest
}: EventMetadata): Readonly<Record<keyof MetadataColumns, string>> => {
  if (!MICROS.test(occurredAt)) throw new AppError('internal', `The time ${occurredAt} is not in microseconds, UTC.`);
  if (actor.kind === 'system' && actor.id.startsWith(USER))
    throw new AppError('internal', `${actor.id} is no service.`);
  const isColumn = isColumnUuid(correlationId);
  return {
    actor: actorText(actor),
    correlation: isColumn ? correlationId : NIL,
    occurred_at: occurredAt,
    metadata: canonicalJson({
      ...(isColumn ? {} : { correlationId }),
      ...(causationId === correlationId ? {} : { causationId }),
      ...rest,
    }),
  };
};

/** The columns come last: what the database checked is what counts. */
export const fromColumns = ({ actor, correlation, occurred_at, metadata }: MetadataColumns): EventMetadata => {
  const { correlationId = correlation, causationId = correlationId, ...rest } = metadata;
  return { ...rest, correlationId, causationId, actor: actorOf(actor), occurredAt: occurred_at };
};

/** `occurred_at` as it was given: node-pg's own reading ends at milliseconds. */
export const OCCURRED_AT = `to_char(occurred_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
