import { canonicalJson, type NewEvent } from '@cyborgbackup/kernel';
import { createHash } from 'node:crypto';

/** What stands for "the previous hash" before a stream's first event. */
export const GENESIS_HASH = Buffer.alloc(32);

/** An event's content as text: what is stored, and what is hashed. */
export interface EventText {
  readonly data: string;
  readonly metadata: string;
  /** SHA-256 over the canonical JSON of id, type, schemaVersion, stream, data and metadata. */
  readonly contentHash: Buffer;
}

/** Encrypted fields are hashed as ciphertext, so that erasing a key leaves the chain intact. */
export const eventText = (stream: string, event: NewEvent): EventText => {
  const data = canonicalJson(event.data);
  const metadata = canonicalJson(event.metadata);
  // The canonical form of the whole, put together from the parts: its keys are in canonical order.
  const content =
    `{"data":${data},"id":${JSON.stringify(event.id)},"metadata":${metadata},` +
    `"schemaVersion":${event.schemaVersion},"stream":${JSON.stringify(stream)},"type":${JSON.stringify(event.type)}}`;
  return { data, metadata, contentHash: createHash('sha256').update(content).digest() };
};

/** One step of a stream's chain: SHA-256 of the previous hash, the version (8 bytes, big-endian) and the content hash. */
export const chainHash = (previous: Buffer, version: number, contentHash: Buffer): Buffer => {
  const versionBytes = Buffer.alloc(8);
  versionBytes.writeBigUInt64BE(BigInt(version));
  return createHash('sha256').update(previous).update(versionBytes).update(contentHash).digest();
};
