/** Keeps the first `maxBytes` of a stream. */
export const keepFirstBytes = (
  maxBytes: number,
): { add: (chunk: Buffer) => void; text: () => string; isCut: () => boolean } => {
  const chunks: Buffer[] = [];
  let length = 0;
  return {
    add: (chunk) => {
      // Copied, since a small piece would keep the whole buffer it was cut from.
      if (length < maxBytes) chunks.push(Buffer.from(chunk.subarray(0, maxBytes - length)));
      length += chunk.length;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
    isCut: () => length > maxBytes,
  };
};
