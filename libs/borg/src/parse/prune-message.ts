import type { BorgOutput } from './log-line.ts';

/** What prune did with one archive. In a dry run, `pruned` means that it would be. */
export interface PruneDecision {
  readonly archive: string;
  /** Hex, 64 digits. */
  readonly id: string;
  readonly verdict: 'kept' | 'pruned';
  /** The rule that kept it, for example `daily #1`; `checkpoint` for an unfinished archive. */
  readonly rule?: string;
}

const LINE =
  /^(Keeping checkpoint archive|Keeping archive(?: \(rule: (?<rule>[^)]*)\))?|Pruning archive(?: \(\d+\/\d+\))?|Would prune):\s+(?<name>.*?)\s+\w{3}, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [+-]\d{4})?\s+\[(?<id>[0-9a-f]{64})\]$/s;

/** The decision in one line of `prune --list`; undefined for all other output. */
export const parsePruneMessage = (output: BorgOutput): PruneDecision | undefined => {
  if (output.type !== 'log_message' || output.logger !== 'borg.output.list') return undefined;
  const match = LINE.exec(output.message);
  if (!match?.groups) return undefined;
  const { name = '', id = '', rule } = match.groups;
  if (!output.message.startsWith('Keeping')) return { archive: name, id, verdict: 'pruned' };
  const why = output.message.startsWith('Keeping checkpoint') ? 'checkpoint' : rule;
  return { archive: name, id, verdict: 'kept', ...(why === undefined ? {} : { rule: why }) };
};
