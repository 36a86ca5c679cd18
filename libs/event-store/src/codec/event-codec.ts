import {
  AppError,
  ERASED,
  isoMicros,
  isRecord,
  type DomainEvent,
  type EventDefinition,
  type EventMetadata,
  type NewEvent,
  type ProtectedFields,
  type RecordedEvent,
  type RequestContext,
} from '@cyborgbackup/kernel';
import { isDeepStrictEqual } from 'node:util';
import { claimEvents } from './claim-events.ts';
import { addressSubject, isEncrypted, type SubjectKeys } from '../crypto/subject-keys.ts';

/** Between what deciders and projections see and what the log holds. See docs/decisions/0004-sealed-and-personal-fields.md. */
export interface EventCodec {
  /**
   * Validates an event against its definition and encrypts its personal and sealed fields. A sealed field copied from an
   * earlier event is stored as it is.
   * @param origin.id see `eventId`
   * @param origin.context who and what caused the event
   * @throws AppError `internal` for an event without a definition or one that does not match it
   */
  encode(event: DomainEvent, origin: { readonly id: string; readonly context: RequestContext }): Promise<NewEvent>;

  /** Upcasts to the current version and opens personal fields (or `ERASED`). Unknown types come back unchanged. */
  decode(recorded: RecordedEvent): Promise<RecordedEvent>;

  /** `decode` for a whole page, in the page's order. */
  decodePage(events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]>;
}

export interface EventCodecOptions {
  readonly definitions: readonly EventDefinition[];
  readonly keys: SubjectKeys;
}

type Fields = Readonly<Record<string, unknown>>;

/** The subject of source addresses of requests that no user made. */
export const ANONYMOUS = 'anonymous';

export const createEventCodec = ({ definitions, keys }: EventCodecOptions): EventCodec => {
  const byType = new Map([...claimEvents, ...definitions].map((definition) => [definition.type, definition]));

  const decode = async (recorded: RecordedEvent): Promise<RecordedEvent> => {
    const definition = byType.get(recorded.type);
    if (!definition) return recorded;
    const data = withUsual(definition, upcast(definition, recorded));
    // A newer program's event (a rolling update) keeps its version: this one knows no better.
    const schemaVersion = Math.max(definition.version, recorded.schemaVersion);
    if (!definition.personal || !isRecord(data)) return { ...recorded, schemaVersion, data };
    return { ...recorded, schemaVersion, data: await openFields(keys, definition.personal.fields, data) };
  };

  return {
    encode: async (event, { id, context }) => {
      const definition = byType.get(event.type);
      if (!definition) throw new AppError('internal', `The event type ${event.type} has no definition.`);
      const data = await sealData(keys, definition, withoutUsual(definition, validated(definition, event.data)));
      const metadata = await metadataOf(keys, context);
      return { id, type: event.type, schemaVersion: definition.version, data, metadata };
    },
    decode,
    decodePage: (events) => Promise.all(events.map(decode)),
  };
};

const validated = (definition: EventDefinition, data: unknown): unknown => {
  const result = definition.schema.safeParse(data);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new AppError('internal', `The event ${definition.type} does not match its definition: ${issues.join('; ')}.`);
};

const withUsual = ({ usual }: EventDefinition, data: unknown): unknown =>
  usual && isRecord(data) ? { ...usual, ...data } : data;

const withoutUsual = ({ usual }: EventDefinition, data: unknown): unknown => {
  if (!usual || !isRecord(data)) return data;
  const known: Fields = usual;
  return Object.fromEntries(
    Object.entries(data).filter(([field, value]) => !(field in known && isDeepStrictEqual(value, known[field]))),
  );
};

const sealData = async (keys: SubjectKeys, definition: EventDefinition, data: unknown): Promise<unknown> => {
  if (!isRecord(data)) return data;
  let sealed: Fields = data;
  for (const protection of [definition.personal, definition.sealed]) {
    if (protection)
      sealed = { ...sealed, ...(await sealFields(keys, protection, { type: definition.type, plain: data })) };
  }
  return sealed;
};

/** The plain fields of one subject, encrypted. */
const sealFields = async (
  keys: SubjectKeys,
  protection: ProtectedFields<unknown>,
  { type, plain }: { readonly type: string; readonly plain: Fields },
): Promise<Fields> => {
  const sealed: Record<string, unknown> = {};
  const subject = protection.subject(plain);
  for (const field of protection.fields) {
    const value = plain[field];
    if (value === null || value === undefined || isEncrypted(value)) continue;
    if (typeof value !== 'string') {
      throw new AppError('internal', `The protected field ${field} of the event ${type} is not text.`);
    }
    sealed[field] = await keys.seal(subject, value);
  }
  return sealed;
};

const openFields = async (keys: SubjectKeys, fields: readonly string[], data: Fields): Promise<Fields> => {
  const opened: Record<string, unknown> = { ...data };
  for (const field of fields) {
    const value = data[field];
    if (isEncrypted(value)) opened[field] = (await keys.open(value)) ?? ERASED;
  }
  return opened;
};

/** Upcasters see the stored form: what is encrypted stays encrypted while it is renamed or moved. */
const upcast = (definition: EventDefinition, recorded: RecordedEvent): unknown => {
  let data: unknown = recorded.data;
  for (let version = recorded.schemaVersion; version < definition.version; version += 1) {
    // The definition's author promises that the nth upcaster takes what version n stored.
    const step: ((data: never) => unknown) | undefined = definition.upcasters?.[version];
    if (!step) throw new AppError('internal', `The event ${definition.type} has no upcaster from version ${version}.`);
    data = step(data as never);
  }
  return data;
};

const metadataOf = async (keys: SubjectKeys, context: RequestContext): Promise<EventMetadata> => {
  const { actor, correlationId, causationId, sourceAddress } = context;
  const metadata = { actor, correlationId, causationId, occurredAt: isoMicros() };
  if (sourceAddress === undefined) return metadata;
  const subject = actor.kind === 'user' ? addressSubject(`user-${actor.id}`) : ANONYMOUS;
  return { ...metadata, sourceAddress: await keys.seal(subject, sourceAddress) };
};
