import type { OutputKind } from '@cyborgbackup/contracts';

/** After so many lines only errors are kept: a disk of unreadable files may bring millions of lines. */
const MAX_LINES = 20_000;
/** The same, since lines may be long. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What errors may take beyond that. Then only the last one is kept, which is why the job failed. */
const ERROR_BYTES = 4 * 1024 * 1024;

const ALWAYS_KEPT = new Set<OutputKind>(['error', 'system_warning']);

/** What the whole output of an attempt may take: a host says as much as it likes. */
export interface OutputBudget {
  /** Whether a further line is kept, whatever its length; `hold`: only if it is the last one. */
  decide(event: OutputKind): 'keep' | 'hold' | 'leave-out';
  /** Counts a line that was held, and was not the last one. */
  leaveOut(): void;
  /** Counts a line that is kept. */
  spend(bytes: number): void;
  /** True when there is room for what is no error. */
  hasRoom(): boolean;
  /** A sentence about the lines that were left out since the last call, if any. */
  takeSummary(): string | undefined;
}

export const createOutputBudget = (): OutputBudget => {
  let lines = 0;
  let bytes = 0;
  let leftOut = 0;
  const hasRoom = (): boolean => lines <= MAX_LINES && bytes <= MAX_BYTES;
  const leaveOut = (): void => {
    leftOut += 1;
  };
  return {
    leaveOut,
    decide: (event) => {
      lines += 1;
      if (hasRoom()) return 'keep';
      if (!ALWAYS_KEPT.has(event)) {
        leaveOut();
        return 'leave-out';
      }
      return bytes <= MAX_BYTES + ERROR_BYTES ? 'keep' : 'hold';
    },
    spend: (spent) => {
      bytes += spent;
    },
    hasRoom,
    takeSummary: () => {
      if (leftOut === 0) return undefined;
      const kept = `only errors are kept after the first ${MAX_LINES} lines or ${MAX_BYTES / 2 ** 20} MiB`;
      const text = `[${leftOut} lines were left out: ${kept}]`;
      leftOut = 0;
      return text;
    },
  };
};
