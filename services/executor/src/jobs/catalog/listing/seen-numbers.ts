import { SEEN_CHUNK, type catalogCommands, type RpcInput } from '@cyborgbackup/contracts';

/** A part of the numbers: those from `from` up to `to`, exclusive, and which of them were seen. */
type SeenChunk = Pick<RpcInput<typeof catalogCommands.removeEntries>, 'from' | 'to' | 'seen'>;

/** A set of whole numbers from 0, as bits: a million neighbours take 125 kB. */
export interface SeenNumbers {
  /** False when it is in the set already. */
  add(number: number): boolean;
  size(): number;
  /** All numbers below `end`, in parts; parts without a seen number are one with their neighbours. */
  chunks(end: number): readonly SeenChunk[];
}

export const createSeenNumbers = (): SeenNumbers => {
  const chunks = new Map<number, Buffer>();
  let size = 0;

  const chunkOf = (number: number): Buffer => {
    const at = Math.floor(number / SEEN_CHUNK);
    const known = chunks.get(at);
    if (known) return known;
    const bits = Buffer.alloc(SEEN_CHUNK / 8);
    chunks.set(at, bits);
    return bits;
  };

  return {
    add: (number) => {
      const bits = chunkOf(number);
      const at = number % SEEN_CHUNK;
      const byte = bits[at >> 3] ?? 0;
      const bit = 1 << (at & 7);
      if ((byte & bit) !== 0) return false;
      bits[at >> 3] = byte | bit;
      size += 1;
      return true;
    },
    size: () => size,
    chunks: (end) => {
      const parts: SeenChunk[] = [];
      let from = 0;
      for (const at of [...chunks.keys()].sort((a, b) => a - b)) {
        const start = at * SEEN_CHUNK;
        if (start > from) parts.push({ from, to: start, seen: '' });
        from = Math.min(end, start + SEEN_CHUNK);
        const bits = chunks.get(at)?.subarray(0, Math.ceil((from - start) / 8));
        parts.push({ from: start, to: from, seen: bits?.toString('base64') ?? '' });
      }
      if (from < end) parts.push({ from, to: end, seen: '' });
      return parts;
    },
  };
};
