/** Printed by reader.sh when the script begins. */
const START_MARKER = Buffer.from('cyborgbackup-start\n');

const MAX_BANNER_BYTES = 64 * 1024;
const MAX_QUOTED = 200;

/**
 * Drops what a login script prints before our script starts. `strip` takes standard output and gives what follows the marker
 * line; `hear` takes standard error. `hasStarted` is true once the marker came; `banner` is the end of the output before it.
 */
export const createBannerFilter = (): {
  strip: (chunk: Buffer) => Buffer;
  hear: (chunk: Buffer) => void;
  hasStarted: () => boolean;
  banner: () => string;
} => {
  let before = Buffer.alloc(0);
  let errors = '';
  let started = false;
  return {
    strip: (chunk) => {
      if (started) return chunk;
      before = Buffer.concat([before, chunk]).subarray(-MAX_BANNER_BYTES - chunk.length);
      const index = before.indexOf(START_MARKER);
      started = index !== -1;
      return started ? before.subarray(index + START_MARKER.length) : Buffer.alloc(0);
    },
    hear: (chunk) => {
      if (!started) errors = (errors + chunk.toString('utf8')).slice(-MAX_QUOTED);
    },
    hasStarted: () => started,
    banner: () => (before.toString('utf8').trim().slice(-MAX_QUOTED) || errors.trim()).replaceAll(/\s+/g, ' '),
  };
};
