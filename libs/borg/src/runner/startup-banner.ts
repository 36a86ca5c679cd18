import { humanBytes } from '@cyborgbackup/kernel';
import { SshError } from '../ssh/error.ts';

/** Printed by reader.sh when the script begins, on standard output and on standard error; two, for accounts that join both. */
const [START, START_OF_ERRORS] = ['cyborgbackup-start\n', 'cyborgbackup-start-of-errors\n'];

const MAX_BANNER_BYTES = 64 * 1024;
const MAX_QUOTED = 200;
/** A login script prints a few lines. */
const MAX_BEFORE_BYTES = 1_000_000;

interface Skipped {
  /** What follows the marker. */
  readonly take: (chunk: Buffer) => Buffer;
  readonly hasStarted: () => boolean;
  /** The end of what came before it. */
  readonly text: () => string;
}

/** Drops a stream's beginning, up to a marker. */
const skipTo = (marker: string, count: (bytes: number) => void): Skipped => {
  let before = Buffer.alloc(0);
  let started = false;
  return {
    take: (chunk) => {
      if (started) return chunk;
      count(chunk.length);
      before = Buffer.concat([before, chunk]).subarray(-MAX_BANNER_BYTES - chunk.length);
      const index = before.indexOf(marker);
      started = index !== -1;
      return started ? before.subarray(index + marker.length) : Buffer.alloc(0);
    },
    hasStarted: () => started,
    text: () => before.toString('utf8').trim().slice(-MAX_QUOTED),
  };
};

/**
 * Drops what login scripts print before our script starts. `strip` takes standard output, `hear` standard error; both give what
 * follows the marker line, and throw when there is no end to what comes before. `hasStarted` is true once the marker came;
 * `banner` is the end of the output before it.
 */
export const createBannerFilter = (
  where: string,
): {
  strip: (chunk: Buffer) => Buffer;
  hear: (chunk: Buffer) => Buffer;
  hasStarted: () => boolean;
  banner: () => string;
} => {
  let total = 0;
  const count = (bytes: number): void => {
    total += bytes;
    if (total <= MAX_BEFORE_BYTES) return;
    throw new SshError(
      'no-shell',
      `${where} printed more than ${humanBytes(MAX_BEFORE_BYTES)} before it ran our command. What do the account's login scripts print?`,
    );
  };
  const [output, errors] = [skipTo(START, count), skipTo(START_OF_ERRORS, count)];
  return {
    strip: output.take,
    hear: errors.take,
    hasStarted: output.hasStarted,
    banner: () => `${output.text()} ${errors.text()}`.trim().replaceAll(/\s+/g, ' '),
  };
};
