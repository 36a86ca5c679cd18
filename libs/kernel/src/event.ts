/** Who caused an event: a user (by uuid) or one of the services by name. */
export interface Actor {
  readonly kind: 'user' | 'system';
  /** A user's uuid, or a service's name such as `scheduler`. */
  readonly id: string;
}

/** A value that is stored encrypted under its subject's key. Erasing the key erases the value. */
export interface EncryptedValue {
  readonly $encrypted: {
    /** Whose key opens it, for example `user-<uuid>`. */
    readonly subject: string;
    /** base64 of nonce (12 bytes), AES-256-GCM ciphertext, tag (16 bytes). */
    readonly value: string;
  };
}

/** Where an event came from. Travels from the HTTP request through NATS into the log. */
export interface EventMetadata {
  readonly actor: Actor;
  /** The same for everything that one outside request set in motion. */
  readonly correlationId: string;
  /** The event or request that directly caused this one. */
  readonly causationId: string;
  /** ISO 8601, UTC, microseconds. */
  readonly occurredAt: string;
  /** The request's source address; personal, so encrypted under the actor's key. Absent when there was no request. */
  readonly sourceAddress?: EncryptedValue;
}

/** The fields every event type has in common: a past-tense name and plain JSON data. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/** What is handed to the store: data already encrypted where its definition says so. */
export interface NewEvent<E extends DomainEvent = DomainEvent> {
  /** A uuid; the same id on a retry makes the append idempotent. */
  readonly id: string;
  readonly type: E['type'];
  /** Version of the data's shape, from 1. */
  readonly schemaVersion: number;
  readonly data: E['data'];
  readonly metadata: EventMetadata;
}

/** What comes back from the store. */
export interface RecordedEvent<E extends DomainEvent = DomainEvent> extends NewEvent<E> {
  readonly stream: string;
  /** 1 for a stream's first event, then without gaps. */
  readonly version: number;
  /** Order over all streams: increasing, not contiguous. */
  readonly position: bigint;
  /** Hex SHA-256 over the previous event's hash in this stream, the version and this event's canonical content. */
  readonly hash: string;
}
