import { InfrastructureError, type NewEvent, type RecordedEvent } from '@cyborgbackup/kernel';

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

/** A place in the log, with what tells whether it is still the same log. */
export interface LogMark {
  readonly position: bigint;
  /** Of the event at the position; empty before the first one. */
  readonly hash: string;
}

/** A run of the log, and how far it reaches, also when the last events in it are not for this reader. */
export interface LogPage extends LogMark {
  readonly events: readonly RecordedEvent[];
}

/**
 * The log lacks an event that a reader has handled: PostgreSQL was replaced by a copy that had not got the latest events, or an
 * older one was restored. Whatever was derived from the log has to be derived again.
 */
export class LogWentBackError extends InfrastructureError {
  constructor(position: bigint) {
    super(
      'unavailable',
      `The event log has lost the event at position ${position}: PostgreSQL was replaced by an older copy of itself.`,
    );
  }
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
   * @throws LogWentBackError when there is no event at `after`, where that is not 0
   */
  readAll(options: ReadAllOptions): Promise<LogPage>;

  /**
   * Follows the log for ever: pages in position order, as soon as they are there. Empty pages are not handed out.
   * @throws LogWentBackError when the event before a page is not the one that it was
   */
  subscribe(options: SubscribeOptions): AsyncIterable<LogPage>;

  /** Position of the last event that a reader can see now. */
  head(): Promise<bigint>;

  /** Hash of the event at this position; empty for position 0, undefined where there is none. */
  hashAt(position: bigint): Promise<string | undefined>;

  /** Why nothing can be written, in one sentence, as the last append shows; undefined if it succeeded or is half a minute ago. */
  writeTrouble(): string | undefined;

  close(): Promise<void>;
}
