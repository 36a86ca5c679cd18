import { posix } from 'node:path';
import type { BorgOutput } from './log-line.ts';

const NOT_FOUND = /^(?<path>.*?): (?:\w+: )?\[Errno 2\] /s;

const normal = (path: string): string => posix.normalize(path).replace(/(?<=.)\/$/, '');

/**
 * Collects the configured sources that borg could not find. Borg only warns of them, like of any file that vanished during
 * the backup; for a configured folder that is a failure.
 */
export const createMissingSources = (
  sources: readonly string[],
): { see: (output: BorgOutput) => void; found: () => string[] } => {
  const wanted = new Map(sources.map((source) => [normal(source), source]));
  const missing = new Set<string>();
  return {
    see: (output) => {
      if (output.type !== 'log_message' || output.level !== 'warning') return;
      const path = NOT_FOUND.exec(output.message)?.groups?.['path'];
      const source = path === undefined ? undefined : wanted.get(normal(path));
      if (source !== undefined) missing.add(source);
    },
    found: () => [...missing],
  };
};
