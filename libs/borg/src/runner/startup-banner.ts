import { humanBytes } from '@cyborgbackup/kernel';
import { SshError } from '../ssh/error.ts';

/** Printed by reader.sh when the script begins. */
const START_MARKER = Buffer.from('cyborgbackup-start\n');

const MAX_BANNER_BYTES = 64 * 1024;
const MAX_QUOTED = 200;
/** A login script prints a few lines. */
const MAX_BEFORE_BYTES = 1_000_000;

/**
 * Drops what a login script prints before our script starts. `strip` takes standard output and gives what follows the marker
 * line; `hear` takes standard error; both throw when there is no end to what comes before. `hasStarted` is true once the marker came; `banner` is the end of the output before it.
 */
export const createBannerFilter = (
  where: string,
): {
  strip: (chunk: Buffer) => Buffer;
  hear: (chunk: Buffer) => void;
  hasStarted: () => boolean;
  banner: () => string;
} => {
  let before = Buffer.alloc(0);
  let errors = '';
  let started = false;
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= MAX_BEFORE_BYTES) return;
    throw new SshError(
      'no-shell',
      `${where} printed more than ${humanBytes(MAX_BEFORE_BYTES)} before it ran our command. What do the account's login scripts print?`,
    );
  };
  return {
    strip: (chunk) => {
      if (started) return chunk;
      count(chunk);
      before = Buffer.concat([before, chunk]).subarray(-MAX_BANNER_BYTES - chunk.length);
      const index = before.indexOf(START_MARKER);
      started = index !== -1;
      return started ? before.subarray(index + START_MARKER.length) : Buffer.alloc(0);
    },
    hear: (chunk) => {
      if (started) return;
      count(chunk);
      errors = (errors + chunk.toString('utf8')).slice(-MAX_QUOTED);
    },
    hasStarted: () => started,
    banner: () => (before.toString('utf8').trim().slice(-MAX_QUOTED) || errors.trim()).replaceAll(/\s+/g, ' '),
  };
};
