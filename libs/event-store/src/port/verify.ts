import type { RecordedEvent } from '@cyborgbackup/kernel';
import type { EventStore } from './event-store.ts';
import { chainHash, eventText, GENESIS_HASH } from './hash-chain.ts';

/** What recomputing a chain of hashes found. */
export type ChainVerification =
  | { readonly intact: true; readonly events: number }
  | {
      readonly intact: false;
      readonly stream: string;
      readonly version: number;
      readonly position: bigint;
      readonly reason: string;
    };

interface Link {
  readonly version: number;
  readonly hash: Buffer;
}

const START: Link = { version: 0, hash: GENESIS_HASH };
const LOG_PAGE = 1_000;

/** Recomputes a stream's hashes from its stored events, and reports the first that does not fit. */
export const verifyStream = async (store: EventStore, stream: string): Promise<ChainVerification> => {
  let link = START;
  for await (const event of store.readStream(stream)) {
    const next = follow(link, event);
    if ('intact' in next) return next;
    link = next;
  }
  return { intact: true, events: link.version };
};

/**
 * Recomputes all hashes up to the log's end, and reports the first in position order that does not fit. Holds one hash for
 * each stream: about 200 bytes. What it cannot see is a stream cut off at its end, or gone altogether: for that,
 * PostgreSQL's `verifyHeads` compares with the table of streams.
 */
export const verifyLog = async (store: EventStore): Promise<ChainVerification> => {
  const links = new Map<string, Link>();
  let events = 0;
  let after = 0n;
  for (;;) {
    const page = await store.readAll({ after, limit: LOG_PAGE });
    for (const event of page.events) {
      const next = follow(links.get(event.stream) ?? START, event);
      if ('intact' in next) return next;
      links.set(event.stream, next);
    }
    events += page.events.length;
    if (page.events.length === 0) return { intact: true, events };
    after = page.position;
  }
};

const follow = (previous: Link, event: RecordedEvent): Link | ChainVerification => {
  const { stream, version, position } = event;
  const broken = (reason: string): ChainVerification => ({ intact: false, stream, version, position, reason });
  if (version !== previous.version + 1) return broken(`version ${previous.version + 1} is missing`);
  const hash = chainHash(previous.hash, version, eventText(stream, event).contentHash);
  if (hash.toString('hex') !== event.hash) return broken('its content or its hash was altered');
  return { version, hash };
};
