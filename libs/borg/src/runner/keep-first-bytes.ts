/** Keeps the first so many bytes of a stream. */
export const keepFirstBytes = (
  maxBytes: number,
): { add: (chunk: Buffer) => void; text: () => string; isCut: () => boolean } => {
  const chunks: Buffer[] = [];
  let room = maxBytes;
  let cut = false;
  return {
    add: (chunk) => {
      if (chunk.length > room) cut = true;
      // Copied, since a small piece would keep the whole buffer it was cut from.
      if (room > 0) chunks.push(Buffer.from(chunk.subarray(0, room)));
      room = Math.max(0, room - chunk.length);
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
    isCut: () => cut,
  };
};
