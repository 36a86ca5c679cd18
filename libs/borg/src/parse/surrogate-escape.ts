const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decode = (bytes: Buffer): string | undefined => {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
};

/** The valid character that starts here, or the stand-in for its first byte. */
const characterAt = (bytes: Buffer, at: number): { text: string; length: number } => {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length += 1) {
    const text = decode(bytes.subarray(at, at + length));
    if (text !== undefined) return { text, length };
  }
  return { text: String.fromCharCode(0xdc00 + (bytes[at] ?? 0)), length: 1 };
};

/** Bytes as text, each byte that is not UTF-8 as a lone surrogate U+DC80 to U+DCFF, as Python does it. See quote.ts. */
export const decodeWithEscapes = (bytes: Buffer): string => {
  const whole = decode(bytes);
  if (whole !== undefined) return whole;
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const character = characterAt(bytes, at);
    text += character.text;
    at += character.length;
  }
  return text;
};
