import type { NewEvent, RecordedEvent } from '@cyborgbackup/kernel';

/**
 * What the writer believes about a stream: `any` (no belief), `none` (it has no events), `exists` (it has some),
 * or the exact version of its last event (0 means none).
 */
export type ExpectedVersion = 'any' | 'none' | 'exists' | number;

export interface AppendResult {
  /** Version of the last event written. */
  readonly version: number;
  /** Position of the last event written. */
  readonly position: bigint;
}

export interface ReadStreamOptions {
  /** First version wanted, from 1. */
  readonly from?: number;
}

export interface ReadAllOptions {
  /** Exclusive; 0n reads from the beginning. */
  readonly after: bigint;
  /** At most so many events, 1 to 5,000. */
  readonly limit: number;
  /** Only events of these types are handed out; the others are passed over, and cost next to nothing. Default: all. */
  readonly types?: readonly string[];
}

export interface SubscribeOptions {
  /** Exclusive; the position of the last event already handled. */
  readonly after: bigint;
  /** Ends the iteration without an error. */
  readonly signal: AbortSignal;
  /** Largest page handed out; default: 1,000. */
  readonly pageSize?: number;
  /** As for `readAll`. A page with nothing for this reader is handed out too, since its position says how far the log was read. */
  readonly types?: readonly string[];
}

/** A run of the log: `position` is how far it reaches, also when the last events in it are not for this reader. */
export interface LogPage {
  readonly events: readonly RecordedEvent[];
  readonly position: bigint;
}

/** The only place where state changes are written. Every adapter passes `eventStoreContract`. */
export interface EventStore {
  /**
   * Appends 1 to 500 events to one stream, all or none. Retrying the same event ids at the same exact expected version
   * answers with the first attempt's result.
   * @throws AppError `version-conflict` when the stream is not where `expected` says; nothing is written then
   */
  append(stream: string, events: readonly NewEvent[], expected: ExpectedVersion): Promise<AppendResult>;

  /** A stream's events by version; none for a stream that does not exist. Pages behind the scenes. */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<RecordedEvent>;

  /**
   * One page of the whole log by position, shorter than asked for where events are large. An event that commits late is never
   * behind a page already read.
   */
  readAll(options: ReadAllOptions): Promise<LogPage>;

  /** Follows the log for ever: pages in position order, as soon as they are there. Empty pages are not handed out. */
  subscribe(options: SubscribeOptions): AsyncIterable<LogPage>;

  /** Position of the last event that a reader can see now. */
  head(): Promise<bigint>;

  close(): Promise<void>;
}
