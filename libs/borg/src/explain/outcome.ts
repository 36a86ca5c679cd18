import { isRemoteText, type BorgLogMessage } from '../parse/log-line.ts';

/** How a borg command ended. `aborted` and `idle`: we stopped it. */
export type BorgOutcome = 'success' | 'warning' | 'error' | 'aborted' | 'idle';

/**
 * Exit status: 0 success; 1 warning; 2 error; with `BORG_EXIT_CODES=modern` (borg 1.4) also 3 to 99 errors and 100 upwards
 * warnings; 128 and more a signal. Borg has warnings up to 107; we read them up to 118, since 119 to 125 are our script's
 * own failures and 126 and 127 the shell's.
 */
const isWarning = (exitCode: number): boolean => exitCode === 1 || (exitCode >= 100 && exitCode <= 118);

/** Python itself exits with 1 when it crashes before borg runs, so a 1 without a word from borg is no mere warning. */
const isWarningOfBorg = (message: BorgLogMessage): boolean =>
  message.logger !== '' && message.level !== 'info' && message.level !== 'debug' && !isRemoteText(message);

export const outcomeOf = (
  { exitCode, stopped }: { readonly exitCode: number | null; readonly stopped?: 'aborted' | 'idle' },
  messages: readonly BorgLogMessage[],
): BorgOutcome => {
  if (stopped) return stopped;
  if (exitCode === 0) return 'success';
  if (exitCode === null || !isWarning(exitCode)) return 'error';
  return messages.some(isWarningOfBorg) ? 'warning' : 'error';
};
