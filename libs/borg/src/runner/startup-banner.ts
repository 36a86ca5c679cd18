/** Printed by the reader when the script begins; see leash.ts. */
export const START_MARKER = 'cyborgbackup-start';

const MAX_NOISE_BYTES = 64 * 1024;
const MAX_QUOTED = 200;

export interface BannerFilter {
  /** Takes standard output, and gives what follows the marker line. */
  strip(chunk: Buffer): Buffer;
  /** Takes standard error, for `said`. */
  hear(chunk: Buffer): void;
  /** True once the marker was seen. */
  isOver(): boolean;
  /** The end of what came before the marker, for people. */
  said(): string;
}

/** Drops what a login script prints before our script starts. */
export const createBannerFilter = (): BannerFilter => {
  const marker = Buffer.from(`${START_MARKER}\n`);
  let before = Buffer.alloc(0);
  let errors = '';
  let over = false;
  return {
    strip: (chunk) => {
      if (over) return chunk;
      before = Buffer.concat([before, chunk]).subarray(-MAX_NOISE_BYTES - chunk.length);
      const at = before.indexOf(marker);
      over = at !== -1;
      return over ? before.subarray(at + marker.length) : Buffer.alloc(0);
    },
    hear: (chunk) => {
      if (!over) errors = (errors + chunk.toString('utf8')).slice(-MAX_QUOTED);
    },
    isOver: () => over,
    said: () => (before.toString('utf8').trim().slice(-MAX_QUOTED) || errors.trim()).replaceAll(/\s+/g, ' '),
  };
};
