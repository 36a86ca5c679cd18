/** One line of output, without its line end. */
export interface TextLine {
  readonly text: string;
  /** True when the line was longer than allowed and its end is missing. */
  readonly cut: boolean;
}

const MAX_LINE_BYTES = 1024 * 1024;

/**
 * Cuts a byte stream into lines of UTF-8. Holds at most one line of `maxBytes`; of a longer one the start is kept. `push` gives
 * the lines that a chunk completes, `end` the last line if it had no line end.
 */
export const createLineSplitter = (
  maxBytes = MAX_LINE_BYTES,
): { push: (chunk: Buffer) => TextLine[]; end: () => TextLine[] } => {
  let parts: Buffer[] = [];
  let length = 0;
  let cut = false;
  const keep = (piece: Buffer): void => {
    const room = maxBytes - length;
    if (piece.length > room) cut = true;
    const kept = piece.subarray(0, Math.max(0, room));
    if (kept.length === 0) return;
    parts.push(kept);
    length += kept.length;
  };
  const take = (): TextLine => {
    const text = (parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)).toString('utf8');
    const line = { text: text.endsWith('\r') ? text.slice(0, -1) : text, cut };
    parts = [];
    length = 0;
    cut = false;
    return line;
  };
  return {
    push: (chunk) => {
      const lines: TextLine[] = [];
      let start = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        keep(chunk.subarray(start, end));
        lines.push(take());
        start = end + 1;
      }
      keep(chunk.subarray(start));
      return lines;
    },
    end: () => (length > 0 ? [take()] : []),
  };
};
