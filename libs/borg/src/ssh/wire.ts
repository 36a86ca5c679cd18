/** The few data types of the SSH wire format (RFC 4251, section 5) that the agent needs. */

/** Reads fields one after the other; `string` and `text` are length-prefixed. Each throws a RangeError at the end of the data. */
export const readWire = (
  data: Buffer,
): { byte: () => number; uint32: () => number; string: () => Buffer; text: () => string; atEnd: () => boolean } => {
  let position = 0;
  const take = (length: number): Buffer => {
    if (position + length > data.length) throw new RangeError('The message ends too early');
    position += length;
    return data.subarray(position - length, position);
  };
  const uint32 = (): number => take(4).readUInt32BE();
  const string = (): Buffer => take(uint32());
  return {
    byte: () => take(1).readUInt8(),
    uint32,
    string,
    text: () => string().toString('utf8'),
    atEnd: () => position === data.length,
  };
};

export const wireUint32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
};

export const wireString = (value: Buffer | string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([wireUint32(bytes.length), bytes]);
};

/** A positive number as an `mpint`: no leading zero bytes, except one when the top bit is set. */
export const wireMpint = (magnitude: Buffer): Buffer => {
  const start = magnitude.findIndex((byte) => byte !== 0);
  const bare = start === -1 ? Buffer.alloc(0) : magnitude.subarray(start);
  const padded = (bare[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bare]) : bare;
  return wireString(padded);
};
