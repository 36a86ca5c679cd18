import type { z } from 'zod';
import type { EncryptedValue } from './event.ts';

/**
 * A secret in an event. A decider emits plain text; the codec seals it before the append; a reader of the event
 * gets the sealed form and must open it explicitly. So no fold, projection or log line meets the plain text by accident.
 */
export type Sealed = string | EncryptedValue;

/** Which fields are encrypted, and under whose key. */
export interface ProtectedFields<Data> {
  /** The subject whose key is used, for example `user-<uuid>`. Erasing that key erases these fields. */
  subject(data: Data): string;
  /** Names of top-level fields that hold text or null. */
  readonly fields: readonly string[];
}

/** Everything the system knows of one event type. Stored events are never edited: a new shape is a new version. */
export interface EventDefinition<Type extends string = string, Data = unknown> {
  readonly type: Type;
  /** Current schema version, from 1. */
  readonly version: number;
  readonly schema: z.ZodType<Data>;
  /** Encrypted at rest, decrypted for every reader of the log: names, addresses. An erased one reads as `ERASED`. */
  readonly personal?: ProtectedFields<NoInfer<Data>>;
  /** Encrypted at rest and in every read model, opened one by one: passwords, keys. See `Sealed`. */
  readonly sealed?: ProtectedFields<NoInfer<Data>>;
  /** What most events of the type have in these fields: it is not stored, and every reader gets it all the same. */
  readonly usual?: NoInfer<Partial<Data>>;
  /** From version n to n + 1, by n. Pure. */
  readonly upcasters?: Readonly<Record<number, (data: never) => unknown>>;
}

/** What a personal field reads as once its subject's key is gone. */
export const ERASED = '[erased]';

/** The version is 1 unless the definition says otherwise. */
export const defineEvent = <Type extends string, Data>(
  definition: Omit<EventDefinition<Type, Data>, 'version'> & { readonly version?: number },
): EventDefinition<Type, Data> => ({ version: 1, ...definition });

/** The event a definition describes. */
export type EventOf<D> =
  D extends EventDefinition<infer Type, infer Data> ? { readonly type: Type; readonly data: Data } : never;
