/**
 * What the two ends of a byte stream send each other: one byte for the kind, six for a sequence number, then the payload.
 * head, data, end and failed are numbered from 1 without gaps; the others carry the number of the last one sent or taken.
 */
const KINDS = ['beat', 'head', 'data', 'end', 'failed', 'credit', 'cancel'] as const;
export type FrameKind = (typeof KINDS)[number];

export interface Frame {
  readonly kind: FrameKind;
  readonly sequence: number;
  readonly payload: Buffer;
}

const HEADER_BYTES = 7;
const EMPTY = new Uint8Array();

export const encodeFrame = (kind: FrameKind, sequence: number, payload: Uint8Array = EMPTY): Buffer => {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt8(KINDS.indexOf(kind), 0);
  header.writeUIntBE(sequence, 1, 6);
  return Buffer.concat([header, payload]);
};

/** Undefined for what is no frame. */
export const decodeFrame = (bytes: Uint8Array): Frame | undefined => {
  if (bytes.length < HEADER_BYTES) return undefined;
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = KINDS[frame.readUInt8(0)];
  return kind && { kind, sequence: frame.readUIntBE(1, 6), payload: frame.subarray(HEADER_BYTES) };
};
